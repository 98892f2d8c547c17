/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_places.h"

#include <stdlib.h>

#include "util.h"

void rule_places_add(struct rule_places *places, const struct table *table,
		     const struct chain *chain, const struct rule *rule)
{
	GROW(places->v, places->n, places->room);
	places->v[places->n++] = (struct rule_place){ table, chain, rule };
}

void rule_places_clear(struct rule_places *places)
{
	free(places->v);
	*places = (struct rule_places){ 0 };
}
