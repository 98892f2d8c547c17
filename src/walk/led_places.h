/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LED_PLACES_H
#define DOCKFW_LED_PLACES_H

#include "ipset.h"
#include "other_filter.h"
#include "ruleset.h"

/*
 * The protocols, destinations and ports that a rule is about: by its own conditions, and by
 * those of the jumps that lead to its chain. What is not known of a condition counts as if it
 * held, so that the places may be more than those of the packets that come to the rule. A rule
 * to which no packet comes has none. Pure.
 */

struct led_place {
	uint8_t proto; /* 0: every one */
	struct addrrange host;
	struct span port;
};

struct led_places {
	struct led_place *v; /* owned */
	size_t n, room;
};
void led_places_clear(struct led_places *places);

/* The jumps between the chains of a table, or of all tables of others. */
struct led_chains {
	enum family family;
	const struct ipsets *sets; /* borrowed; NULL: what is in them is not known */
	bool unknown; /* there are rules that may jump anywhere: every chain may have any packet */
	struct led_jump *jumps; /* owned; sorted by the chain that they lead to */
	size_t njumps, room;
	struct led_chain *v;    /* owned */
	size_t n;
};
/* others (NULL: none) has what was read of the table's opaque rules. */
void led_chains_table(const struct table *table, const struct other_filters *others,
		      const struct ipsets *sets, struct led_chains *chains);
void led_chains_others(const struct other_filters *others, enum family family,
		       const struct ipsets *sets, struct led_chains *chains);
void led_chains_clear(struct led_chains *chains);

/*
 * Fills in the places of a rule of the chain with that index: one of iptables, or else one of
 * nf_tables. The caller clears them.
 */
void led_places_find(struct led_chains *chains, size_t chain, const struct rule *xt,
		     const struct other_rule *native, struct led_places *places);

#endif
