/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_uses.h"

#include "util.h"

size_t *chain_uses_by_maps(const struct table *table)
{
	size_t *uses = xcalloc(table->nchains, sizeof(*uses));

	/* First the others: a chain's own rules, and the rules that lead to it. */
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		uses[c] += chain->nrules;
		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];
			size_t to = rule_jumps(rule) ? table_index(table, rule->chain)
						     : table->nchains;

			if (to < table->nchains)
				uses[to]++;
		}
	}
	for (size_t c = 0; c < table->nchains; c++) {
		size_t all = table->chains[c]->uses;

		uses[c] = all > uses[c] ? all - uses[c] : 0;
	}
	return uses;
}
