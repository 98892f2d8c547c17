/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEST_APPLY_H
#define DOCKFW_TEST_APPLY_H

/* Applies a plan to a snapshot, without a kernel. */

#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "guard_names.h"
#include "util.h"

/* Takes ownership of the rule; index is 0-based and <= nrules. */
static inline void chain_insert_rule(struct chain *chain, size_t index, struct rule *rule)
{
	GROW(chain->rules, chain->nrules, chain->room);
	memmove(chain->rules + index + 1, chain->rules + index,
		(chain->nrules - index) * sizeof(*chain->rules));
	chain->rules[index] = rule;
	chain->nrules++;
}

/* Removes the rule and returns it; the caller owns it. */
static inline struct rule *chain_remove_rule(struct chain *chain, size_t index)
{
	struct rule *rule = chain->rules[index];

	chain->nrules--;
	memmove(chain->rules + index, chain->rules + index + 1,
		(chain->nrules - index) * sizeof(*chain->rules));
	return rule;
}

static inline bool apply_create(struct snapshot *snapshot, const struct edit *edit)
{
	struct table *table = snapshot_table(snapshot, edit->family, edit->table);
	struct chain *chain;

	if (!table)
		table = snapshot_add_table(snapshot, edit->family, edit->table);
	if (table_chain(table, edit->chain))
		return false;
	chain = table_add_chain(table, edit->chain);
	chain->loaded = true;
	/* The only builtin chains that a plan creates. */
	chain->builtin = !strcmp(edit->chain, "FORWARD") ||
			 (!strcmp(edit->table, GUARD_TABLE) &&
			  (!strcmp(edit->chain, GUARD_FORWARD) || !strcmp(edit->chain, GUARD_INPUT)));
	table->marked |= !strcmp(edit->table, GUARD_TABLE);
	if (chain->builtin)
		chain->policy = VERDICT_ACCEPT;
	table_sort(table);
	return true;
}

static inline bool apply_drop(struct table *table, const char *name)
{
	for (size_t i = 0; table && i < table->nchains; i++) {
		struct chain *chain = table->chains[i];

		if (strcmp(chain->name, name))
			continue;
		/* A base chain of nf_tables can be deleted; the only ones of which that is right. */
		if (chain->nrules || (chain->builtin && !guard_has_name(table->name)))
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

/* The table's memory is that of the snapshot, which keeps it under another name. */
static inline bool apply_drop_table(struct snapshot *snapshot, struct table *table)
{
	if (!table)
		return false;
	free(table->name);
	table->name = xasprintf("dropped %zu", snapshot->ntables);
	return true;
}

static inline bool apply_rule(struct chain *chain, const struct edit *edit)
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

static inline bool apply_add_set(struct guard_sets *sets, const struct guard_set *set)
{
	struct guard_set *added;

	if (guard_sets_find(sets, set->name))
		return false;
	added = guard_sets_add(sets, set->family, set->name);
	added->field = set->field;
	addrset_copy(&added->values, &set->values);
	return true;
}

static inline bool apply_drop_set(struct guard_sets *sets, const char *name)
{
	for (size_t i = 0; i < sets->n; i++) {
		if (strcmp(sets->v[i]->name, name))
			continue;
		guard_set_free(sets->v[i]);
		sets->v[i] = sets->v[--sets->n];
		return true;
	}
	return false;
}

/*
 * Applies the edits to a snapshot, as a backend would to the kernel. Returns false if
 * an edit does not fit (no such chain, position or rule).
 */
static inline bool edits_apply(struct snapshot *snapshot, const struct edits *edits)
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
		case EDIT_DROP_TABLE:
			done = apply_drop_table(snapshot, table);
			break;
		case EDIT_POLICY:
			done = table_chain(table, edit->chain) != NULL;
			if (done)
				table_chain(table, edit->chain)->policy = edit->policy;
			break;
		case EDIT_INSERT:
		case EDIT_DELETE:
			done = apply_rule(table_chain(table, edit->chain), edit);
			break;
		case EDIT_ADD_SET:
			done = table && apply_add_set(&table->sets, edit->set);
			break;
		case EDIT_DROP_SET:
			done = table && apply_drop_set(&table->sets, edit->chain);
			break;
		}
		if (!done)
			return false;
	}
	return true;
}

#endif
