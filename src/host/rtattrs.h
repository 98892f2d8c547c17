/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RTATTRS_H
#define DOCKFW_RTATTRS_H

#include <libmnl/libmnl.h>

#include "rule.h"

/* The attributes of a message of rtnetlink; a short message or attribute is as none. */

/* Indexed by type; higher types are left out. */
struct attrs {
	const struct nlattr *v[64];
};

/*
 * Parses the attributes that follow a header of that size. Returns false if the message
 * does not even hold the header.
 */
bool attrs_parse(const struct nlmsghdr *message, size_t header, struct attrs *attrs);
/* Parses those inside another one, which may be NULL. */
void attrs_parse_nested(const struct nlattr *parent, struct attrs *attrs);
/* Parses those in size bytes, which may be any. */
void attrs_parse_bytes(const void *bytes, size_t size, struct attrs *attrs);

bool has_attr(const struct attrs *attrs, unsigned int type, size_t size);
uint32_t attr_number(const struct attrs *attrs, unsigned int type, uint32_t missing);
uint8_t attr_byte(const struct attrs *attrs, unsigned int type);
/* A text that ends inside the attribute, or NULL. */
const char *attr_text(const struct attrs *attrs, unsigned int type);
bool attr_is(const struct attrs *attrs, unsigned int type, const char *wanted);

/* Returns false if it is neither AF_INET nor AF_INET6. */
bool known_family(uint8_t af, enum family *family);

#endif
