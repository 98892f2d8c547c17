/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_BOUNDS_H
#define DOCKFW_CHAIN_BOUNDS_H

#include "policy.h"
#include "reach.h"

/*
 * Where the wanted rules of a chain may be among the foreign ones, which stay where they
 * are. Pure. What it goes by, the first two without exception:
 *
 * - A rule that lets packets pass never passes a foreign rule that may refuse one of them: it
 *   comes after it, unless it already comes before it.
 * - A rule that may refuse and that comes before a foreign rule that lets one of its
 *   packets pass, stays before it.
 * - Every wanted rule comes before the foreign rules that let one of its packets pass. Only
 *   packets that start a connection count here: of a rule for established connections that
 *   stands before the others, the replies to the containers' own connections depend.
 *
 * Rules that no packet matches both do not concern each other (meet.h), and no foreign rule
 * matters after one that ends the chain for every packet.
 *
 * A place is the number of foreign rules before it.
 */
struct chain_bounds {
	size_t *foreign; /* indexes of the foreign rules in the chain */
	size_t nforeign;
	size_t end;      /* index of the foreign rule that no packet passes, or the number of rules */
	size_t *before;  /* for each live rule the number of foreign ones before it */
	/*
	 * For each wanted rule the first and the last place; of the rules that are put in, neither
	 * list ever decreases.
	 */
	size_t *from, *to;
	/*
	 * For each wanted rule the last place before the foreign rules that it should precede;
	 * if from is later, some of those let packets past it.
	 */
	size_t *wish;
	/*
	 * For each wanted rule: it lets packets pass, and the first two rules above leave no
	 * place for it before a wanted rule that it has to precede. It is not put in, and stays
	 * where it is.
	 */
	bool *stuck;
};

/* The index of a live rule that is not there. */
#define BOUNDS_MISSING ((size_t)-1)

/* What is there of a wanted rule. */
struct bounds_live {
	size_t first; /* the index of the first live rule that is equal, or BOUNDS_MISSING */
	bool again;   /* a wanted rule before it is equal, and has the same first */
};

/*
 * Fills in bounds, which the caller clears. is_foreign: for each rule of the chain, which may
 * be NULL. live: for each wanted rule.
 */
void chain_bounds_make(struct chain_bounds *bounds, const struct wanted_rules *wanted,
		       const struct bounds_live *live, const struct chain *chain,
		       const bool *is_foreign, struct reach *reach);
void chain_bounds_clear(struct chain_bounds *bounds);

/*
 * Whether there can be a packet that the foreign rule and the wanted one both match, and for
 * which their order matters. One of a publish section is only about packets to Docker's
 * bridges.
 */
bool foreign_can_meet(struct reach *reach, const struct rule *foreign,
		      const struct wanted_rule *wanted);

#endif
