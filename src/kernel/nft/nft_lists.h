/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_LISTS_H
#define DOCKFW_NFT_LISTS_H

#include "backend.h"
#include "edit.h"

/*
 * Edits use positions, which each edit moves; nf_tables uses handles, which new
 * rules do not have yet. So the edits are first applied to lists, and the
 * difference between the lists and the kernel is sent.
 */

#define NFT_NO_EDIT SIZE_MAX

/* A rule: one in the kernel, or one that an edit inserts. */
struct nft_line {
	uint64_t handle; /* 0: new */
	size_t edit;
};

/* A chain that the edits touch. */
struct nft_work {
	const struct edit *first; /* the first of those edits, which names the chain */
	const struct chain *live; /* NULL: the kernel has none, or its table is deleted first */
	bool exists;
	size_t created, dropped; /* the edit that does so, or NFT_NO_EDIT */
	size_t policy;           /* the edit that sets it, or NFT_NO_EDIT */
	struct nft_line *lines; /* owned; the chain's rules after the edits */
	size_t n, room;
	struct nft_line *gone; /* owned; rules in the kernel to delete */
	size_t ngone, gone_room;
};

/* What the edits make of the tables. Borrows what it does not own. */
struct nft_lists {
	const struct snapshot *snapshot;
	const struct edits *edits;
	struct nft_work *works; /* owned */
	size_t n, room;
	size_t *sets; /* owned; the edits that create or delete a set */
	size_t nsets, sets_room;
	size_t *deleted; /* owned; the edits that delete a table of the kernel */
	size_t ndeleted, deleted_room;
	struct refused_edits *refused;
};

/* Applies the next edit. Returns 0, or BACKEND_REFUSED after adding why not to refused. */
int nft_lists_apply(struct nft_lists *lists, size_t index);
void nft_lists_clear(struct nft_lists *lists);

/* The table as the kernel has it when the messages about its chains come; NULL: none. */
const struct table *nft_lists_table(const struct nft_lists *lists, const struct edit *edit);
bool nft_same_table(const struct edit *a, const struct edit *b);

#endif
