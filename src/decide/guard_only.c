/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_only.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "guard_names.h"
#include "reach.h"
#include "text.h"
#include "util.h"

static bool is_wanted(const struct guard *guard, const char *chain, const struct rule *rule)
{
	for (size_t c = 0; c < guard->n; c++)
		for (size_t i = 0; !strcmp(guard->chains[c].name, chain) &&
				   i < guard->chains[c].rules.n; i++)
			if (rule_equal_but_mark(guard->chains[c].rules.v[i].rule, rule))
				return true;
	return false;
}

/* The refusing rules of the chain that the guard of the configuration would not have. */
static size_t lost_rules(const struct guard *guard, const struct chain *chain)
{
	size_t n = 0;

	for (size_t i = 0; i < chain->nrules; i++)
		n += rule_refuses(chain->rules[i]) && !is_wanted(guard, chain->name, chain->rules[i]);
	return n;
}

/* Whether it has a set that the guard of the configuration would not have. */
static bool loses_set(const struct guard *guard, const struct table *table)
{
	for (size_t i = 0; i < table->sets.n; i++)
		if (!guard_sets_find(&guard->sets, table->sets.v[i]->name))
			return true;
	return false;
}

char *guard_only(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *own, enum family family)
{
	const struct table *table = own ? snapshot_table(own, family, GUARD_TABLE) : NULL;
	struct guard guard;
	struct text text;
	size_t n = 0;
	char *lost;

	if (!table || guard_is_foreign(table))
		return NULL;
	guard_make(&guard, policy, snapshot, family);
	text_open(&text);
	for (size_t c = 0; c < table->nchains; c++) {
		size_t rules = lost_rules(&guard, table->chains[c]);

		if (rules)
			fprintf(text.out, "%s%zu refusing rule%s of its chain '%s'", n++ ? ", " : "",
				rules, rules == 1 ? "" : "s", table->chains[c]->name);
	}
	if (loses_set(&guard, table))
		fprintf(text.out, "%sits sets of addresses and ports", n++ ? ", " : "");
	guard_clear(&guard);
	lost = text_take(&text);
	if (n)
		return lost;
	free(lost);
	return NULL;
}
