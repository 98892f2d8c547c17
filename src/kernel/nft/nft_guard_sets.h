/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_GUARD_SETS_H
#define DOCKFW_NFT_GUARD_SETS_H

#include "guard_set.h"
#include "nft_socket.h"
#include "ruleset.h"

/*
 * The guard's sets (model/guard_set.h) in nf_tables: constant sets of intervals, so that
 * nobody can change what is in a set that a rule uses. An interval has an element for its
 * first value and one, with NFT_SET_ELEM_INTERVAL_END, for the value after its last; none
 * if there is no such value.
 */

/*
 * Reads the sets of a table in that family, which is the guard or its copy, into sets. What
 * they hold beyond intervals makes them odd. Returns enum backend_result.
 */
int nft_guard_sets_read(struct nft_socket *nft, enum family family, const char *table,
			struct guard_sets *sets);

/* Fill in messages of a batch. id: a number that no other set of the batch has. */
void nft_guard_set_new(struct nlmsghdr *nlh, const char *table, const struct guard_set *set,
		       uint32_t id);
/* Adds the intervals from *at on, as many as fit into one message, and moves *at. */
void nft_guard_set_elements(struct nlmsghdr *nlh, const char *table, const struct guard_set *set,
			    uint32_t id, size_t *at);
void nft_guard_set_delete(struct nlmsghdr *nlh, const char *table, const char *name);

#endif
