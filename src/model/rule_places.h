/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_PLACES_H
#define DOCKFW_RULE_PLACES_H

#include "ruleset.h"

/* Some rules of a snapshot, and where they are. No I/O. */

/* All are borrowed from the snapshot. */
struct rule_place {
	const struct table *table;
	const struct chain *chain;
	const struct rule *rule;
};

struct rule_places {
	struct rule_place *v; /* owned */
	size_t n, room;
};

void rule_places_add(struct rule_places *places, const struct table *table,
		     const struct chain *chain, const struct rule *rule);
void rule_places_clear(struct rule_places *places);

#endif
