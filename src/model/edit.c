/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edit.h"

#include <stdlib.h>

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
		.chain = chain ? xstrdup(chain) : NULL,
	};
	return edit;
}

void edits_table(struct edits *edits, enum edit_op op, enum family family, const char *table)
{
	add(edits, op, family, table, NULL);
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

void edits_add_set(struct edits *edits, const char *table, const struct guard_set *set)
{
	add(edits, EDIT_ADD_SET, set->family, table, set->name)->set = guard_set_copy(set);
}

void edits_drop_set(struct edits *edits, enum family family, const char *table, const char *name)
{
	add(edits, EDIT_DROP_SET, family, table, name);
}

void edits_policy(struct edits *edits, enum family family, const char *table, const char *chain,
		  enum verdict policy)
{
	add(edits, EDIT_POLICY, family, table, chain)->policy = policy;
}

void edits_move(struct edits *to, struct edit *edit)
{
	GROW(to->v, to->n, to->room);
	to->v[to->n++] = *edit;
	*edit = (struct edit){ 0 };
}

void edits_move_all(struct edits *to, struct edits *from)
{
	for (size_t i = 0; i < from->n; i++)
		edits_move(to, &from->v[i]);
	edits_clear(from);
}

void edits_clear(struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		free(edits->v[i].table);
		free(edits->v[i].chain);
		rule_free(edits->v[i].rule);
		guard_set_free(edits->v[i].set);
	}
	free(edits->v);
	*edits = (struct edits){ 0 };
}

const char *edit_op_name(enum edit_op op)
{
	static const char *const names[] = {
		[EDIT_CREATE] = "create",
		[EDIT_INSERT] = "insert",
		[EDIT_DELETE] = "delete",
		[EDIT_DROP] = "drop",
		[EDIT_DROP_TABLE] = "drop-table",
		[EDIT_ADD_SET] = "add-set",
		[EDIT_DROP_SET] = "drop-set",
		[EDIT_POLICY] = "policy",
	};

	return names[op];
}

const char *edit_policy_name(const struct edit *edit)
{
	return edit->policy == VERDICT_DROP ? "DROP" : "ACCEPT";
}
