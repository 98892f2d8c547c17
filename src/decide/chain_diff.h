/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_DIFF_H
#define DOCKFW_CHAIN_DIFF_H

#include "policy.h"
#include "reach.h"

/*
 * The difference between a configured chain and its wanted rules: which live rule is
 * which wanted rule, and which rules stay, move, go or are missing. Pure; shared by
 * the check and the plan.
 */

enum live_rule {
	LIVE_KEPT,    /* a wanted rule in its place */
	LIVE_MOVED,   /* a wanted rule in the wrong place: deleted here, inserted there */
	LIVE_STALE,   /* marked but not wanted, or a duplicate: deleted */
	LIVE_FOREIGN, /* another program's: stays where it is */
	LIVE_EVICTED, /* another program's, in a chain for wanted rules only: deleted */
};

struct chain_diff {
	const struct chain *chain; /* NULL: it does not exist */
	const struct wanted_rules *wanted;
	enum live_rule *fates;  /* for each live rule */
	size_t *live;      /* for each wanted rule the index of its live rule, or DIFF_MISSING */
	/*
	 * For each wanted rule that is not kept, the live rule to insert it before: an
	 * index into the chain, or its number of rules. The values never decrease.
	 */
	size_t *places;
	/*
	 * The first foreign rule that wanted rules must not follow, since it can accept
	 * or return. The number of rules if there is none.
	 */
	size_t barrier;
};

#define DIFF_MISSING ((size_t)-1)

/*
 * Compares chain, or NULL, with the wanted rules; the caller clears diff. exclusive: the
 * chain may hold only the wanted rules, and Docker's closing RETURN in DOCKER-USER.
 * Keeps as many wanted rules as possible where they already are.
 */
void chain_diff_make(struct chain_diff *diff, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, bool exclusive);
void chain_diff_clear(struct chain_diff *diff);

/* Whether the chain is configured and not filled by others: its rules are compared. */
bool chain_is_held(const struct policy *policy, const char *chain);
/*
 * Of such a chain: whether it may hold only configured rules. False only for DOCKER-USER,
 * unless the policy removes foreign rules there.
 */
bool chain_is_exclusive(const struct policy *policy, const char *chain);

/* Whether the chain is no longer configured and holds only rules with our mark. */
bool chain_is_stale(const struct policy *policy, const struct chain *chain);

#endif
