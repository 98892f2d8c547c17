/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_DIFF_H
#define DOCKFW_CHAIN_DIFF_H

#include "chain_bounds.h"
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
	LIVE_STALE,   /* marked but not wanted: deleted */
	LIVE_COPY,    /* one too many that equal a wanted rule: deleted */
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
	struct chain_bounds bounds; /* where each wanted rule may be */
};

#define DIFF_MISSING ((size_t)-1)

/* Which rules of others a chain may hold. Docker's closing RETURN stays in any case. */
enum holding {
	HOLD_AMONG_OTHERS, /* all: they are foreign */
	HOLD_BUT_OPAQUE,   /* opaque ones, which nobody could restore: others are evicted */
	HOLD_ALONE,        /* none */
};

/*
 * Compares chain, or NULL, with the wanted rules; the caller clears diff. Keeps as many
 * wanted rules as possible where they already are; where they may be is up to bounds.
 */
void chain_diff_make(struct chain_diff *diff, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, enum holding holding);
void chain_diff_clear(struct chain_diff *diff);
/* Whether the live rule of a wanted one is where that belongs. */
bool chain_diff_is_kept(const struct chain_diff *diff, size_t wanted);
/*
 * Whether a wanted rule is not in its place and no repair puts it there: it is refused, or
 * there is no place for it.
 */
bool chain_diff_left_out(const struct chain_diff *diff, size_t wanted);

/*
 * Whether the chain is configured in that family and not filled by others: its rules are
 * compared. A chain that has no rules there and that no configured rule leads to is not.
 */
bool chain_is_held(const struct policy *policy, const char *chain, enum family family);
/*
 * Of such a chain: HOLD_AMONG_OTHERS only for DOCKER-USER, unless the policy removes foreign
 * rules there.
 */
enum holding chain_holding(const struct policy *policy, const char *chain);
/* Whether a repair deletes the rule of such a chain, if it is not configured. */
bool chain_evicts(const struct policy *policy, const char *chain, const struct rule *rule);

/*
 * Whether nothing in the chain, or NULL, is touched, since it has rules with the mark and the
 * policy keeps those.
 */
bool chain_is_kept(const struct policy *policy, const struct chain *chain);

/*
 * Whether a repair leaves the chain, or NULL, as it is, and its rules are not compared: also a
 * base chain of somebody's, to which no rule can lead.
 */
bool chain_is_left(const struct policy *policy, const struct chain *chain);

/* Whether the chain is no longer configured in its family and holds only rules with our mark. */
bool chain_is_stale(const struct policy *policy, const struct chain *chain);

/*
 * Whether a wanted rule before that one, which is put in, lets pass each packet that both that
 * one and the foreign rule match: then the foreign rule lets nobody past it.
 */
bool chain_diff_lets_before(const struct chain_diff *diff, size_t wanted, const struct rule *foreign);

#endif
