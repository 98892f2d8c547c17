/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_attr.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* Whether left bytes begin with a complete attribute. */
static bool is_attr(const struct nlattr *attr, size_t left)
{
	return left >= sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= left;
}

/* The last attribute need not be padded. */
static size_t padded(const struct nlattr *attr, size_t left)
{
	size_t size = MNL_ALIGN(attr->nla_len);

	return size < left ? size : left;
}

bool nft_attrs_parse(struct nft_attrs *attrs, const void *data, size_t size, uint32_t known)
{
	const uint8_t *at = data;
	bool whole = true;

	*attrs = (struct nft_attrs){ 0 };
	while (size) {
		const struct nlattr *attr = (const struct nlattr *)at;
		uint16_t type;

		if (!is_attr(attr, size))
			return false;
		type = mnl_attr_get_type(attr);
		if (type >= NFT_ATTRS || !(known & NFT_ATTR(type)) || attrs->v[type])
			whole = false;
		else
			attrs->v[type] = attr;
		at += padded(attr, size);
		size -= padded(attr, size);
	}
	return whole;
}

bool nft_attrs_nested(struct nft_attrs *attrs, const struct nlattr *nest, uint32_t known)
{
	if (!nest)
		return nft_attrs_parse(attrs, NULL, 0, known);
	return nft_attrs_parse(attrs, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
			       known);
}

bool nft_attrs_message(struct nft_attrs *attrs, const struct nlmsghdr *nlh, uint32_t known)
{
	size_t head = MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct nfgenmsg));

	if (nlh->nlmsg_len < head)
		return nft_attrs_parse(attrs, NULL, 0, known) && false;
	return nft_attrs_parse(attrs, (const uint8_t *)nlh + head, nlh->nlmsg_len - head, known);
}

static bool attr_copy(const struct nlattr *attr, void *to, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return true;
}

bool nft_attr_u8(const struct nlattr *attr, uint8_t *value)
{
	return attr_copy(attr, value, sizeof(*value));
}

bool nft_attr_u16(const struct nlattr *attr, uint16_t *value)
{
	if (!attr_copy(attr, value, sizeof(*value)))
		return false;
	*value = ntohs(*value);
	return true;
}

bool nft_attr_u32(const struct nlattr *attr, uint32_t *value)
{
	if (!attr_copy(attr, value, sizeof(*value)))
		return false;
	*value = ntohl(*value);
	return true;
}

bool nft_attr_u64(const struct nlattr *attr, uint64_t *value)
{
	if (!attr_copy(attr, value, sizeof(*value)))
		return false;
	*value = be64toh(*value);
	return true;
}

const char *nft_attr_string(const struct nlattr *attr)
{
	size_t size = attr ? mnl_attr_get_payload_len(attr) : 0;
	const char *text = attr ? mnl_attr_get_payload(attr) : NULL;

	if (!size || strnlen(text, size) != size - 1)
		return NULL;
	return text;
}

static const struct nlattr *at_or_end(const struct nlattr *nest, const uint8_t *at)
{
	const uint8_t *end = (const uint8_t *)nest + nest->nla_len;

	return at < end && is_attr((const struct nlattr *)at, (size_t)(end - at)) ?
		(const struct nlattr *)at : NULL;
}

const struct nlattr *nft_attr_first(const struct nlattr *nest)
{
	return nest ? at_or_end(nest, mnl_attr_get_payload(nest)) : NULL;
}

const struct nlattr *nft_attr_next(const struct nlattr *nest, const struct nlattr *attr)
{
	return at_or_end(nest, (const uint8_t *)attr + MNL_ALIGN(attr->nla_len));
}
