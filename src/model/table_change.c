/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table_change.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

void table_change_clear(struct table_change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		free(change->v[i].table);
		free(change->v[i].chain);
	}
	free(change->v);
	*change = (struct table_change){ 0 };
}

struct chain_change *table_change_of(struct table_change *change, int family, const char *table,
				     const char *chain)
{
	struct chain_change *made;

	/* A flush names one chain many times in a row. */
	for (size_t i = change->n; i--;) {
		struct chain_change *known = &change->v[i];

		if (known->family == family && !strcmp(known->chain, chain) &&
		    !strcmp(known->table, table))
			return known;
	}
	GROW(change->v, change->n, change->room);
	made = &change->v[change->n++];
	*made = (struct chain_change){ .family = family, .table = xstrdup(table),
				       .chain = xstrdup(chain) };
	return made;
}

bool table_change_touches(const struct table_change *change, const char *table)
{
	if (change->lost)
		return true;
	for (size_t i = 0; i < change->n; i++)
		if (!strcmp(change->v[i].table, table))
			return true;
	return false;
}
