/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_ATTR_H
#define DOCKFW_NFT_ATTR_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Netlink attributes, read so that nothing is passed over: what the kernel says
 * with an attribute that is not known here may change what a rule means.
 */

#define NFT_ATTRS 16
#define NFT_ATTR(type) (1U << (type))

/* By type; NULL where there is none. They point into the message. */
struct nft_attrs {
	const struct nlattr *v[NFT_ATTRS];
};

/*
 * Takes the attributes in size bytes of data. Returns false where there is one
 * whose bit is not in known, one twice, or bytes that are no attribute; those
 * of the known ones that could be read are there all the same.
 */
bool nft_attrs_parse(struct nft_attrs *attrs, const void *data, size_t size, uint32_t known);
/* The same of what the attribute holds; NULL holds nothing. */
bool nft_attrs_nested(struct nft_attrs *attrs, const struct nlattr *nest, uint32_t known);
/* The same of a message of nf_tables. */
bool nft_attrs_message(struct nft_attrs *attrs, const struct nlmsghdr *nlh, uint32_t known);

/*
 * Values, in the byte order of the host. Each returns false, or NULL, where the
 * attribute is not there or does not have the very size of its type.
 */
bool nft_attr_u16(const struct nlattr *attr, uint16_t *value);
bool nft_attr_u32(const struct nlattr *attr, uint32_t *value);
bool nft_attr_u64(const struct nlattr *attr, uint64_t *value);
/* Ends with its only NUL. */
const char *nft_attr_string(const struct nlattr *attr);

/* Walks through what an attribute holds: NULL behind the last whole one. */
const struct nlattr *nft_attr_first(const struct nlattr *nest);
const struct nlattr *nft_attr_next(const struct nlattr *nest, const struct nlattr *attr);

#endif
