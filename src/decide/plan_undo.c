/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_undo.h"

#include <stdlib.h>
#include <string.h>

#include "chain_uses.h"
#include "guard_names.h"
#include "util.h"

/* A chain as it was, as it is, and what becomes of the rules of both. */
struct chain_undo {
	const struct chain *before, *now; /* NULL: there is none */
	bool *restore; /* of each rule before: it was deleted */
	bool *remove;  /* of each rule now: it was inserted */
	size_t *place; /* of each rule before that comes back: the rule now that it comes before */
};

static bool in_table(const struct undo *undo, const struct edit *edit)
{
	return edit->family == undo->family && !strcmp(edit->table, undo->table);
}

/* Then the name in chain is that of the set. */
static bool is_of_set(const struct edit *edit)
{
	return edit->op == EDIT_ADD_SET || edit->op == EDIT_DROP_SET;
}

static size_t rules_of(const struct chain *chain)
{
	return chain ? chain->nrules : 0;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	if (a->opaque || b->opaque)
		return a->opaque && b->opaque && a->handle && a->handle == b->handle;
	return rule_equal(a, b);
}

static bool has_handle(const struct chain *chain, uint64_t handle)
{
	for (size_t i = 0; i < rules_of(chain); i++)
		if (chain->rules[i]->handle == handle)
			return true;
	return false;
}

/* Marks the rule that was deleted: that one, where rules have handles, or else an equal one. */
static void mark_deleted(const struct chain *before, bool *marks, const struct rule *rule)
{
	size_t found = rules_of(before);

	for (size_t i = 0; i < rules_of(before); i++) {
		if (marks[i] || !same_rule(before->rules[i], rule))
			continue;
		if (found == rules_of(before) || before->rules[i]->handle == rule->handle)
			found = i;
		if (rule->handle && before->rules[i]->handle == rule->handle)
			break;
	}
	if (found < rules_of(before))
		marks[found] = true;
}

/* Marks the rule that was inserted: one that was not there before, or else an equal one. */
static void mark_inserted(const struct chain *before, const struct chain *now, bool *marks,
			  const struct rule *rule)
{
	size_t found = rules_of(now);

	for (size_t i = 0; i < rules_of(now); i++) {
		if (marks[i] || !same_rule(now->rules[i], rule))
			continue;
		if (found == rules_of(now))
			found = i;
		if (!has_handle(before, now->rules[i]->handle)) {
			found = i;
			break;
		}
	}
	if (found < rules_of(now))
		marks[found] = true;
}

/* What stands in both is matched in its order; what comes back goes after what it came after. */
static void find_places(struct chain_undo *chain)
{
	size_t after = 0; /* the rule now after the last one that was matched */

	for (size_t i = 0; i < rules_of(chain->before); i++) {
		const struct rule *rule = chain->before->rules[i];
		size_t k = after;

		if (chain->restore[i]) {
			chain->place[i] = after;
			continue;
		}
		while (k < rules_of(chain->now) &&
		       (chain->remove[k] || !same_rule(chain->now->rules[k], rule)))
			k++;
		if (k < rules_of(chain->now))
			after = k + 1;
	}
}

static void chain_undo_make(struct chain_undo *chain, const struct undo *undo, const char *name,
			    const struct table *before, const struct table *now)
{
	*chain = (struct chain_undo){ table_chain(before, name), table_chain(now, name), NULL, NULL, NULL };
	chain->restore = xcalloc(rules_of(chain->before) + 1, sizeof(*chain->restore));
	chain->remove = xcalloc(rules_of(chain->now) + 1, sizeof(*chain->remove));
	chain->place = xcalloc(rules_of(chain->before) + 1, sizeof(*chain->place));
	for (size_t l = 0; l < undo->n; l++)
		for (size_t i = 0; i < undo->written[l]->n; i++) {
			const struct edit *edit = &undo->written[l]->v[i];

			if (!in_table(undo, edit) || !edit->chain || strcmp(edit->chain, name))
				continue;
			if (edit->op == EDIT_DELETE)
				mark_deleted(chain->before, chain->restore, edit->rule);
			else if (edit->op == EDIT_INSERT)
				mark_inserted(chain->before, chain->now, chain->remove, edit->rule);
		}
	find_places(chain);
}

static void chain_undo_clear(struct chain_undo *chain)
{
	free(chain->restore);
	free(chain->remove);
	free(chain->place);
}

static void plan_rules(const struct chain_undo *chain, const struct undo *undo, const char *name,
		       struct edits *edits)
{
	size_t position = 1, next = 0;

	for (size_t i = 0; i <= rules_of(chain->now); i++) {
		for (; next < rules_of(chain->before) &&
		       (!chain->restore[next] || chain->place[next] <= i); next++)
			if (chain->restore[next])
				edits_rule(edits, EDIT_INSERT, undo->family, undo->table, name,
					   position++, chain->before->rules[next]);
		if (i == rules_of(chain->now))
			break;
		if (chain->remove[i])
			edits_rule(edits, EDIT_DELETE, undo->family, undo->table, name, position,
				   chain->now->rules[i]);
		else
			position++;
	}
}

/* ---- chains ---- */

/* The names of the chains that were written to, each once, in the order of the writes. */
static void written_chains(const struct undo *undo, struct strings *names)
{
	for (size_t l = 0; l < undo->n; l++)
		for (size_t i = 0; i < undo->written[l]->n; i++) {
			const struct edit *edit = &undo->written[l]->v[i];

			if (in_table(undo, edit) && edit->chain && !is_of_set(edit) &&
			    !strings_has(names, edit->chain))
				strings_add(names, edit->chain);
		}
}

/* Whether the rule needs that chain, or that set. */
typedef bool needs_fn(const struct rule *rule, const char *name);

/* Whether a rule that stays needs it. */
static bool is_used(const struct undo *undo, const struct table *before, const struct table *now,
		    const char *name, needs_fn *needs)
{
	bool used = false;

	for (size_t c = 0; c < now->nchains && !used; c++) {
		struct chain_undo chain;

		chain_undo_make(&chain, undo, now->chains[c]->name, before, now);
		for (size_t i = 0; i < chain.now->nrules; i++)
			used |= !chain.remove[i] && needs(chain.now->rules[i], name);
		chain_undo_clear(&chain);
	}
	return used;
}

/* Whether an element of a verdict map leads to the chain, which is there. */
static bool map_leads_to(const struct table *now, const char *name)
{
	size_t *uses = chain_uses_by_maps(now);
	bool leads = uses[table_index(now, name)] > 0;

	free(uses);
	return leads;
}

/* The base chains of the guard are its own; those of iptables stay, once they are there. */
static bool is_for_good(const struct undo *undo, const struct chain *chain)
{
	return chain->builtin && strcmp(undo->table, GUARD_TABLE);
}

/* A chain that was made is deleted if nobody else has put it to use since. */
static void plan_drops(const struct undo *undo, const struct strings *names,
		       const struct table *before, const struct table *now, struct edits *edits)
{
	for (size_t n = names->n; n-- > 0;) {
		const char *name = names->v[n];
		struct chain_undo chain;
		bool empty = true;

		if (table_chain(before, name) || !table_chain(now, name) ||
		    is_for_good(undo, table_chain(now, name)))
			continue;
		chain_undo_make(&chain, undo, name, before, now);
		for (size_t i = 0; i < chain.now->nrules; i++)
			empty &= chain.remove[i];
		chain_undo_clear(&chain);
		if (empty && !is_used(undo, before, now, name, rule_leads_to) &&
		    !map_leads_to(now, name))
			edits_chain(edits, EDIT_DROP, undo->family, undo->table, name);
	}
}

/* ---- the guard's sets ---- */

/* What an opaque rule matches on is not known. */
static bool matches_on(const struct rule *rule, const char *set)
{
	enum guard_field field;
	const char *name;

	for (size_t i = 0; !rule->opaque && i < rule->nmatches; i++)
		if (guard_match_read(&rule->matches[i], &field, &name) && !strcmp(name, set))
			return true;
	return rule->opaque;
}

/* Those that are missing now come back with their values, since rules that come back need them. */
static void plan_sets(const struct undo *undo, const struct table *before, const struct table *now,
		      struct edits *edits)
{
	for (size_t i = 0; before && i < before->sets.n; i++)
		if (!now || !guard_sets_find(&now->sets, before->sets.v[i]->name))
			edits_add_set(edits, undo->table, before->sets.v[i]);
}

static bool was_added(const struct undo *undo, const char *name)
{
	for (size_t l = 0; l < undo->n; l++)
		for (size_t i = 0; i < undo->written[l]->n; i++) {
			const struct edit *edit = &undo->written[l]->v[i];

			if (in_table(undo, edit) && edit->op == EDIT_ADD_SET &&
			    !strcmp(edit->set->name, name))
				return true;
		}
	return false;
}

/* A set that was added is deleted if nobody else has put it to use since. */
static void plan_set_drops(const struct undo *undo, const struct table *before,
			   const struct table *now, struct edits *edits)
{
	for (size_t i = 0; i < now->sets.n; i++) {
		const char *name = now->sets.v[i]->name;

		if (!(before && guard_sets_find(&before->sets, name)) && was_added(undo, name) &&
		    !is_used(undo, before, now, name, matches_on))
			edits_drop_set(edits, undo->family, undo->table, name);
	}
}

/* ---- the whole table ---- */

/* Whether the guard's table was made, or deleted and made again. */
static bool as_a_whole(const struct undo *undo, const struct table *before)
{
	if (strcmp(undo->table, GUARD_TABLE))
		return false;
	for (size_t l = 0; l < undo->n; l++)
		for (size_t i = 0; i < undo->written[l]->n; i++) {
			const struct edit *edit = &undo->written[l]->v[i];

			if (in_table(undo, edit) && (!before || edit->op == EDIT_DROP_TABLE))
				return true;
		}
	return false;
}

static void plan_whole(const struct undo *undo, const struct table *before, const struct table *now,
		       struct edits *edits)
{
	if (now)
		edits_table(edits, EDIT_DROP_TABLE, undo->family, undo->table);
	for (size_t c = 0; before && c < before->nchains; c++)
		edits_chain(edits, EDIT_CREATE, undo->family, undo->table, before->chains[c]->name);
	plan_sets(undo, before, NULL, edits);
	for (size_t c = 0; before && c < before->nchains; c++)
		for (size_t i = 0; i < before->chains[c]->nrules; i++)
			edits_rule(edits, EDIT_INSERT, undo->family, undo->table,
				   before->chains[c]->name, i + 1, before->chains[c]->rules[i]);
}

void plan_undo(const struct undo *undo, const struct snapshot *now, struct edits *edits)
{
	const struct table *before = snapshot_table(undo->before, undo->family, undo->table);
	const struct table *table = snapshot_table(now, undo->family, undo->table);
	const size_t first = edits->n;
	struct strings names = { 0 };

	if (as_a_whole(undo, before)) {
		plan_whole(undo, before, table, edits);
		return;
	}
	written_chains(undo, &names);
	for (size_t n = 0; n < names.n; n++)
		if (table_chain(before, names.v[n]) && !table_chain(table, names.v[n]))
			edits_chain(edits, EDIT_CREATE, undo->family, undo->table, names.v[n]);
	/* A table is made with its first chain. */
	if (table || edits->n > first)
		plan_sets(undo, before, table, edits);
	for (size_t n = 0; n < names.n; n++) {
		struct chain_undo chain;

		chain_undo_make(&chain, undo, names.v[n], before, table);
		plan_rules(&chain, undo, names.v[n], edits);
		chain_undo_clear(&chain);
	}
	if (table) {
		plan_drops(undo, &names, before, table, edits);
		plan_set_drops(undo, before, table, edits);
	}
	strings_clear(&names);
}

/* Whether the table could be made again as it is: it is made with its first chain. */
static bool can_make(const struct table *table)
{
	if (table->dormant || (table->sets.n && !table->nchains))
		return false;
	for (size_t i = 0; i < table->sets.n; i++)
		if (table->sets.v[i]->odd)
			return false;
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		if (chain->foreign_base || (chain->builtin && chain->policy != VERDICT_ACCEPT))
			return false;
		for (size_t i = 0; i < chain->nrules; i++)
			if (chain->rules[i]->opaque)
				return false;
	}
	return true;
}

bool plan_undo_can(const struct snapshot *before, const struct edits *written)
{
	for (size_t i = 0; i < written->n; i++) {
		const struct edit *edit = &written->v[i];
		const struct table *table = snapshot_table(before, edit->family, edit->table);

		if ((edit->op == EDIT_DELETE && edit->rule->opaque) ||
		    (edit->op == EDIT_DROP_TABLE && table && !can_make(table)))
			return false;
	}
	return true;
}
