/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_SETS_H
#define DOCKFW_NFT_OTHER_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft_other_part.h"
#include "nft_socket.h"

/* The sets and maps of one table, named and anonymous ones, as the kernel lists them. */

/* At most this many elements of all tables are kept: sets beyond that are unread. */
#define NFT_ELEMENTS_MAX ((size_t)1 << 20)
/* At most this many rules are made of the elements of maps. */
#define NFT_FORKS_MAX ((size_t)1 << 17)

struct nft_element {
	/* Offsets in the bytes of the set. An element without last is for one key. */
	size_t key, last, data;
	uint32_t key_size, last_size, data_size; /* 0: there is none */
	int32_t verdict;     /* of a map of verdicts */
	char *chain;         /* owned: where it jumps to; or NULL */
	bool interval_end;   /* the keys from here on are in no interval */
	bool catchall;       /* for every key that no other element is for */
	bool unsure;         /* it has a limit, a quota, … */
};

struct nft_other_set {
	char *name;          /* owned */
	uint32_t flags;      /* NFT_SET_… */
	uint32_t key_size;
	bool verdicts;       /* a map of verdicts */
	bool unread;         /* its elements are not known */
	bool unsure;         /* an element has a limit, or rules change the set */
	struct nft_element *v; /* owned */
	size_t n, room;
	uint8_t *bytes;      /* owned */
	size_t nbytes, bytes_room;
	/* The tests that were made of it, one for each way to read the keys. Owned. */
	struct nft_made_set *made;
	size_t nmade, made_room;
};

struct nft_other_sets {
	struct nft_other_set *v; /* owned */
	size_t n, room;
	size_t *left; /* borrowed: how many elements may still be read … */
	size_t *forks; /* borrowed: … and how many rules may still be made of those of maps */
};

/*
 * Reads all sets of the table. Returns enum backend_result after reporting what failed; the
 * caller clears sets in any case, which must be zeroed but for left and forks.
 */
int nft_other_sets_read(struct nft_socket *nft, uint8_t family, const char *table,
			struct nft_other_sets *sets);
/* The same for the set with that name; NULL: all of them. */
int nft_other_sets_read_one(struct nft_socket *nft, uint8_t family, const char *table,
			    const char *name, struct nft_other_sets *sets);
void nft_other_sets_clear(struct nft_other_sets *sets);
/* The set with that name, or NULL. */
struct nft_other_set *nft_other_sets_find(const struct nft_other_sets *sets, const char *name);

#endif
