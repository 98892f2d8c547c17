/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static struct edit *add(struct edits *edits, enum edit_op op, enum family family,
			const char *table, const char *chain)
{
	struct edit *edit;

	GROW(edits->v, edits->n, edits->room);
	edit = &edits->v[edits->n++];
	*edit = (struct edit){
		.op = op,
		.family = family,
		.table = xstrdup(table),
		.chain = xstrdup(chain),
	};
	return edit;
}

void edits_chain(struct edits *edits, enum edit_op op, enum family family, const char *table,
		 const char *chain)
{
	add(edits, op, family, table, chain);
}

void edits_rule(struct edits *edits, enum edit_op op, enum family family, const char *table,
		const char *chain, size_t position, const struct rule *rule)
{
	struct edit *edit = add(edits, op, family, table, chain);

	edit->position = position;
	edit->rule = rule_copy(rule);
}

void edits_clear(struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		free(edits->v[i].table);
		free(edits->v[i].chain);
		rule_free(edits->v[i].rule);
	}
	free(edits->v);
	*edits = (struct edits){ 0 };
}

static bool apply_create(struct snapshot *snapshot, const struct edit *edit)
{
	struct table *table = snapshot_table(snapshot, edit->family, edit->table);
	struct chain *chain;

	if (!table)
		table = snapshot_add_table(snapshot, edit->family, edit->table);
	if (table_chain(table, edit->chain))
		return false;
	chain = table_add_chain(table, edit->chain);
	chain->loaded = true;
	/* The plan creates no builtin chain but this one. */
	chain->builtin = !strcmp(edit->chain, "FORWARD");
	if (chain->builtin)
		chain->policy = VERDICT_ACCEPT;
	table_sort(table);
	return true;
}

static bool apply_drop(struct table *table, const char *name)
{
	for (size_t i = 0; table && i < table->nchains; i++) {
		struct chain *chain = table->chains[i];

		if (strcmp(chain->name, name))
			continue;
		if (chain->nrules || chain->builtin)
			return false;
		free(chain->rules);
		free(chain->name);
		free(chain);
		table->nchains--;
		memmove(table->chains + i, table->chains + i + 1,
			(table->nchains - i) * sizeof(*table->chains));
		return true;
	}
	return false;
}

static bool apply_rule(struct chain *chain, const struct edit *edit)
{
	const struct rule *live;

	if (!chain || edit->position < 1)
		return false;
	if (edit->op == EDIT_INSERT) {
		if (edit->position > chain->nrules + 1)
			return false;
		chain_insert_rule(chain, edit->position - 1, rule_copy(edit->rule));
		return true;
	}
	if (edit->position > chain->nrules)
		return false;
	live = chain->rules[edit->position - 1];
	if (live->handle != edit->rule->handle ||
	    (!live->opaque && !rule_equal(live, edit->rule)))
		return false;
	rule_free(chain_remove_rule(chain, edit->position - 1));
	return true;
}

bool edits_apply(struct snapshot *snapshot, const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		const struct edit *edit = &edits->v[i];
		struct table *table = snapshot_table(snapshot, edit->family, edit->table);
		bool done = false;

		switch (edit->op) {
		case EDIT_CREATE:
			done = apply_create(snapshot, edit);
			break;
		case EDIT_DROP:
			done = apply_drop(table, edit->chain);
			break;
		case EDIT_INSERT:
		case EDIT_DELETE:
			done = apply_rule(table_chain(table, edit->chain), edit);
			break;
		}
		if (!done)
			return false;
	}
	return true;
}
