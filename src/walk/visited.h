/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_VISITED_H
#define DOCKFW_VISITED_H

#include "flow.h"

/*
 * What the chains with more than one jump to them did with the packets of one walk: a
 * chain is walked once for each packet, not once for each way that leads to it. Pure.
 */

/* Which rules of a chain concern a packet; see sign() in chain_memo.c. */
struct signature {
	uint64_t a, b;
	size_t relevant;
};

/* What one pass through a chain did with these sources. */
struct visit_part {
	struct addrset src;
	struct outcome outcome;
};

/* One chain and one packet, apart from its source. */
struct visit {
	struct packet packet;
	struct addrset src; /* of all parts */
	struct visit_part *v; /* owned */
	size_t n, room;
	bool walking; /* a pass through the chain is under way */
	enum { SIGN_NOT_YET, SIGN_UNDER_WAY, SIGN_NONE, SIGN_HAS } sign;
	struct signature signature; /* if SIGN_HAS */
};

/*
 * Returns the visit of that chain and packet; it lives as long as the walk. If the chain
 * has been visited by too many different packets, the packet's marks count as unknown
 * from here on, so that it equals others.
 */
struct visit *visited_find(struct walk *walk, const struct indexed_chain *indexed,
			   struct packet *packet);

/*
 * Fills an empty set with those of the sources for which the chain has to be walked. If
 * none is left, visit_give() knows what becomes of all of them.
 */
void visit_unknown(const struct visit *visit, const struct addrset *src, struct addrset *set);
/*
 * Keeps a copy of what became of the sources. Stops the walk if too much would have to be
 * kept.
 */
void visit_add(struct walk *walk, struct visit *visit, const struct addrset *src,
	       const struct outcome *outcome);
/* Takes the flow over and adds to outcome what the chain makes of it. */
void visit_give(const struct walk *walk, const struct visit *visit,
		const struct indexed_chain *indexed, struct flow *flow, struct outcome *outcome);

void visited_free(struct visited *visited); /* NULL is fine */

#endif
