/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_MEMO_H
#define DOCKFW_CHAIN_MEMO_H

#include "flow.h"

/*
 * What chains did with packets of earlier walks. Two packets fare alike in a chain if the same
 * of its rules can match them and their sources are the same. Pure.
 */

/* A chain, which of its rules concern a packet (as a signature), and the packet's sources. */
struct memo_key {
	const struct indexed_chain *indexed;
	uint64_t a, b;
	const struct addrset *src; /* in the walker's pool */
};

/*
 * Fills in key. Returns false if outcomes of the chain are not kept for such packets: the chain
 * is short, changes packets, or takes too long to sign, or steps are recorded.
 */
bool memo_key(struct walk *walk, const struct indexed_chain *indexed, const struct flow *flow,
	      struct memo_key *key);
/*
 * Takes the flow over and adds to outcome what the chain makes of it. Returns false, and leaves
 * both as they are, if that is not known yet.
 */
bool memo_give(struct walk *walk, const struct memo_key *key, struct flow *flow,
	       struct outcome *outcome);
/* Keeps a copy of what became of a flow that memo_give() did not know. */
void memo_keep(struct walker *walker, const struct memo_key *key, const struct outcome *outcome);

void memo_free(struct memo *memo); /* NULL is fine */

#endif
