/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_chain.h"

/* Inserts the rule marked and, if it moves, with the counters of its live copy. */
static void insert_wanted(struct edits *edits, enum family family, const char *table,
			  const char *chain, size_t position, const struct chain_diff *diff,
			  size_t wanted)
{
	struct rule *rule = rule_copy(diff->wanted->v[wanted].rule);

	rule_add_mark(rule);
	if (diff->live[wanted] != DIFF_MISSING) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a live rule has a chain */
		const struct rule *live = diff->chain->rules[diff->live[wanted]];

		rule->packets = live->packets;
		rule->bytes = live->bytes;
	}
	edits_rule(edits, EDIT_INSERT, family, table, chain, position, rule);
	rule_free(rule);
}

void plan_chain_diff(const struct chain_diff *diff, enum family family, const char *table,
		     const char *chain, struct edits *edits)
{
	size_t live = diff->chain ? diff->chain->nrules : 0;
	size_t wanted = 0, position = 1;

	/* Before each live rule it inserts what belongs there, then skips or deletes that rule. */
	for (size_t i = 0; i <= live; i++) {
		for (; wanted < diff->wanted->n; wanted++) {
			size_t at = diff->live[wanted];

			if (at != DIFF_MISSING && diff->fates[at] == LIVE_KEPT) {
				if (at >= i)
					break;
				continue;
			}
			if (chain_diff_left_out(diff, wanted))
				continue;
			if (diff->places[wanted] > i)
				break;
			insert_wanted(edits, family, table, chain, position++, diff, wanted);
		}
		if (i == live)
			break;
		if (diff->fates[i] == LIVE_KEPT || diff->fates[i] == LIVE_FOREIGN)
			position++;
		else
			edits_rule(edits, EDIT_DELETE, family, table, chain, position,
				   diff->chain->rules[i]);
	}
}
