/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_PART_H
#define DOCKFW_NFT_OTHER_PART_H

#include "other_filter.h"

/*
 * The fields of a packet that a value, or the key of a set, is made of. Only types: what a set
 * keeps of them is in nft_other_sets.h, what is done with them in nft_other_keys.h.
 */

/* Bytes of a value that are a field of the packet, or the first bytes of one. */
struct nft_other_part {
	enum other_field field;
	uint8_t at, size; /* within the value, in bytes */
	uint8_t width;    /* of the whole field */
	bool host;        /* in the byte order of the host */
};

/* A field in the keys of a set. */
struct nft_key_part {
	struct nft_other_part part; /* at: within the key */
	addr_t mask;                /* of the field, as in struct other_key */
};

struct nft_key_parts {
	struct nft_key_part v[OTHER_KEYS_MAX];
	size_t n;
};

/* The test of all elements that was made for rules that look them up so. */
struct nft_made_set {
	struct nft_key_parts parts;
	struct other_test test; /* it has a set */
};

#endif
