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

enum live_rule {
	LIVE_KEPT,    /* a wanted rule at its place */
	LIVE_MOVED,   /* a wanted rule elsewhere: taken out here, put in there */
	LIVE_STALE,   /* marked, or one copy too many: taken out */
	LIVE_FOREIGN, /* somebody else's: stays where it is */
	LIVE_EVICTED,   /* somebody else's where none may be: taken out */
};

struct chain_diff {
	const struct chain *chain; /* NULL: it is not there */
	const struct wanted_rules *wanted;
	enum live_rule *fates;  /* of each live rule */
	size_t *live;      /* of each wanted rule its live one, or DIFF_MISSING */
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

#define DIFF_MISSING ((size_t)-1)

/*
 * exclusive: the chain holds nothing but the wanted rules; Docker's closing
 * RETURN of DOCKER-USER apart. A wanted rule that is already there at a right
 * place is kept; as many as possible are.
 */
void chain_diff_make(struct chain_diff *diff, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, bool exclusive);
void chain_diff_clear(struct chain_diff *diff);

/* DOCKER-USER's foreign rules stay unless the policy says otherwise. */
bool chain_is_exclusive(const struct policy *policy, const char *chain);

/* A chain that left the configuration: nothing in it but rules with our mark. */
bool chain_is_stale(const struct policy *policy, const struct chain *chain);

#endif
