/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_ATTR_H
#define DOCKFW_NFT_ATTR_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Netlink attributes, read so that nothing is skipped: an attribute that is not
 * known here may change the meaning of a rule.
 */

#define NFT_ATTRS 16
#define NFT_ATTR(type) (1U << (type))

/* Indexed by type; NULL if absent. They point into the message. */
struct nft_attrs {
	const struct nlattr *v[NFT_ATTRS];
};

/*
 * Takes the attributes in size bytes of data. Returns false if one has a bit
 * that is not in known, one is there twice, or some bytes are not an attribute;
 * the known ones that could be read are still filled in.
 */
bool nft_attrs_parse(struct nft_attrs *attrs, const void *data, size_t size, uint32_t known);
/* The same for the contents of an attribute; NULL has none. */
bool nft_attrs_nested(struct nft_attrs *attrs, const struct nlattr *nest, uint32_t known);
/* The same for a message of nf_tables. */
bool nft_attrs_message(struct nft_attrs *attrs, const struct nlmsghdr *nlh, uint32_t known);

/*
 * Values, in the byte order of the host. Each returns false, or NULL, if the
 * attribute is absent or does not have exactly the size of its type.
 */
bool nft_attr_u8(const struct nlattr *attr, uint8_t *value);
bool nft_attr_u16(const struct nlattr *attr, uint16_t *value);
bool nft_attr_u32(const struct nlattr *attr, uint32_t *value);
bool nft_attr_u64(const struct nlattr *attr, uint64_t *value);
/* The string ends with its only NUL. */
const char *nft_attr_string(const struct nlattr *attr);

/* Walk through the contents of an attribute; NULL after the last complete one. */
const struct nlattr *nft_attr_first(const struct nlattr *nest);
const struct nlattr *nft_attr_next(const struct nlattr *nest, const struct nlattr *attr);

#endif
