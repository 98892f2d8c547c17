/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_DIFF_H
#define DOCKFW_CHAIN_DIFF_H

#include "policy.h"
#include "reach.h"

/*
 * A chain that the configuration holds, beside what it should hold: which live
 * rule is which wanted one, what stays, moves, goes and is missing. Pure;
 * shared by the check and the plan.
 */

enum part {
	PART_KEPT,    /* a wanted rule at its place */
	PART_MOVED,   /* a wanted rule elsewhere: taken out here, put in there */
	PART_STALE,   /* marked, or one copy too many: taken out */
	PART_FOREIGN, /* somebody else's: stays where it is */
	PART_ALIEN,   /* somebody else's where none may be: taken out */
};

struct held {
	const struct chain *chain; /* NULL: it is not there */
	const struct wanted_rules *wanted;
	enum part *parts;  /* of each live rule */
	size_t *live;      /* of each wanted rule its live one, or HELD_MISSING */
	/*
	 * Of each wanted rule that is not kept, the live one in front of which it
	 * goes in: an index into the chain, or the number of its rules. They never fall.
	 */
	size_t *places;
	/*
	 * The first foreign rule that wanted ones may not stand behind: it can
	 * accept or return. The number of rules where there is none.
	 */
	size_t barrier;
};

#define HELD_MISSING ((size_t)-1)

/*
 * exclusive: the chain holds nothing but the wanted rules; Docker's closing
 * RETURN of DOCKER-USER apart. A wanted rule that is already there at a right
 * place is kept; as many as possible are.
 */
void held_look(struct held *held, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, bool exclusive);
void held_clear(struct held *held);

/* DOCKER-USER's foreign rules stay unless the policy says otherwise. */
bool held_exclusive(const struct policy *policy, const char *chain);

/* A chain that left the configuration: nothing in it but rules with our mark. */
bool held_is_stale_chain(const struct policy *policy, const struct chain *chain);

#endif
