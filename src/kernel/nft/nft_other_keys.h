/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_KEYS_H
#define DOCKFW_NFT_OTHER_KEYS_H

#include "nft_other_value.h"

/* The elements of a set or map, as values of the fields that a rule looks up in it. */

/*
 * Finds the fields of a key of size bytes that begins in the register. Returns false if one
 * of them is not known.
 */
bool nft_key_parts(const struct nft_other_reading *reading, const struct nlattr *reg, size_t size,
		   struct nft_key_parts *parts);

/* The intervals of all elements but the one for everything else. */
struct nft_intervals {
	struct addrrange *v; /* owned: n times as many as there are parts */
	size_t *element;     /* owned: the index of each in the set */
	size_t n;
};
/* Returns false if they are not known. The caller clears them in any case. */
bool nft_intervals_make(const struct nft_other_set *set, const struct nft_key_parts *parts,
			struct nft_intervals *intervals);
void nft_intervals_clear(struct nft_intervals *intervals);

/* Returns a test of the chosen intervals; NULL: all. */
struct other_test nft_intervals_test(struct nft_other_reading *reading,
				     const struct nft_key_parts *parts,
				     const struct nft_intervals *intervals, const size_t *chosen,
				     size_t n);

/* The number of the bytes of a part, in the field's own place. */
addr_t nft_part_number(const struct nft_other_part *part, const uint8_t *bytes);
/* Whether the field is an IP address. */
bool nft_is_address(enum other_field field);
/* All bits of a field of that many bytes. */
addr_t nft_field_bits(size_t width);

#endif
