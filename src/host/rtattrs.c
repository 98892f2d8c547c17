/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rtattrs.h"

#include <string.h>
#include <sys/socket.h>

#include "util.h"

bool known_family(uint8_t af, enum family *family)
{
	if (af != AF_INET && af != AF_INET6)
		return false;
	*family = af == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	return true;
}

static int keep_attr(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < ARRAY_SIZE(attrs->v))
		attrs->v[type] = attr;
	return MNL_CB_OK;
}

bool attrs_parse(const struct nlmsghdr *message, size_t header, struct attrs *attrs)
{
	*attrs = (struct attrs){ 0 };
	if (mnl_nlmsg_get_payload_len(message) < header)
		return false;
	mnl_attr_parse(message, (unsigned int)header, keep_attr, attrs);
	return true;
}

void attrs_parse_nested(const struct nlattr *parent, struct attrs *attrs)
{
	*attrs = (struct attrs){ 0 };
	if (parent)
		mnl_attr_parse_nested(parent, keep_attr, attrs);
}

void attrs_parse_bytes(const void *bytes, size_t size, struct attrs *attrs)
{
	*attrs = (struct attrs){ 0 };
	mnl_attr_parse_payload(bytes, size, keep_attr, attrs);
}

bool has_attr(const struct attrs *attrs, unsigned int type, size_t size)
{
	return attrs->v[type] && mnl_attr_get_payload_len(attrs->v[type]) >= size;
}

uint32_t attr_number(const struct attrs *attrs, unsigned int type, uint32_t missing)
{
	return has_attr(attrs, type, sizeof(uint32_t)) ? mnl_attr_get_u32(attrs->v[type]) : missing;
}

uint8_t attr_byte(const struct attrs *attrs, unsigned int type)
{
	return has_attr(attrs, type, 1) ? mnl_attr_get_u8(attrs->v[type]) : 0;
}

const char *attr_text(const struct attrs *attrs, unsigned int type)
{
	const struct nlattr *attr = attrs->v[type];

	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attr)
									: NULL;
}

bool attr_is(const struct attrs *attrs, unsigned int type, const char *wanted)
{
	const char *text = attr_text(attrs, type);

	return text && !strcmp(text, wanted);
}
