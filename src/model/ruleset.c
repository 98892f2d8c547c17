/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

const char *backend_kind_name(enum backend_kind kind)
{
	return kind == BACKEND_NFT ? "nft" : "legacy";
}

struct snapshot *snapshot_new(enum backend_kind backend)
{
	struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));

	snapshot->backend = backend;
	return snapshot;
}

static void chain_free(struct chain *chain)
{
	for (size_t i = 0; i < chain->nrules; i++)
		rule_free(chain->rules[i]);
	free(chain->rules);
	free(chain->name);
	free(chain);
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		struct table *table = snapshot->tables[t];

		for (size_t c = 0; c < table->nchains; c++)
			chain_free(table->chains[c]);
		free(table->chains);
		guard_sets_clear(&table->sets);
		free(table->name);
		free(table);
	}
	free(snapshot->tables);
	free(snapshot);
}

struct table *snapshot_table(const struct snapshot *snapshot, enum family family, const char *name)
{
	for (size_t t = 0; t < snapshot->ntables; t++)
		if (snapshot->tables[t]->family == family &&
		    !strcmp(snapshot->tables[t]->name, name))
			return snapshot->tables[t];
	return NULL;
}

struct table *snapshot_add_table(struct snapshot *snapshot, enum family family, const char *name)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->family = family;
	table->name = xstrdup(name);
	GROW(snapshot->tables, snapshot->ntables, snapshot->room);
	snapshot->tables[snapshot->ntables++] = table;
	return table;
}

struct chain *table_add_chain(struct table *table, const char *name)
{
	struct chain *chain = xcalloc(1, sizeof(*chain));

	chain->name = xstrdup(name);
	GROW(table->chains, table->nchains, table->room);
	table->chains[table->nchains++] = chain;
	return chain;
}

static void copy_chain(struct table *to, const struct chain *from)
{
	struct chain *chain = table_add_chain(to, from->name);

	chain->builtin = from->builtin;
	chain->foreign_base = from->foreign_base;
	chain->policy = from->policy;
	chain->uses = from->uses;
	chain->handle = from->handle;
	chain->loaded = from->loaded;
	for (size_t i = 0; i < from->nrules; i++)
		chain_add_rule(chain, rule_copy(from->rules[i]));
}

void snapshot_copy_tables(struct snapshot *to, const struct snapshot *from, const char *name)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(from, (enum family)family, name);
		struct table *copy;

		if (!table)
			continue;
		copy = snapshot_add_table(to, (enum family)family, name);
		copy->dormant = table->dormant;
		copy->marked = table->marked;
		copy->own = table->own;
		copy->owned = table->owned;
		copy->objects = table->objects;
		for (size_t c = 0; c < table->nchains; c++)
			copy_chain(copy, table->chains[c]);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct chain *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

void table_sort(struct table *table)
{
	if (table->nchains)
		qsort(table->chains, table->nchains, sizeof(*table->chains), by_name);
}

static int name_to_chain(const void *name, const void *chain)
{
	return strcmp(name, (*(const struct chain *const *)chain)->name);
}

size_t table_index(const struct table *table, const char *name)
{
	struct chain **found = NULL;

	if (table->nchains)
		found = bsearch(name, table->chains, table->nchains, sizeof(*table->chains),
				name_to_chain);
	return found ? (size_t)(found - table->chains) : table->nchains;
}

struct chain *table_chain(const struct table *table, const char *name)
{
	size_t index = table ? table_index(table, name) : 0;

	return table && index < table->nchains ? table->chains[index] : NULL;
}

struct chain *table_chain_with(const struct table *table, uint64_t handle)
{
	for (size_t c = 0; table && handle && c < table->nchains; c++)
		if (table->chains[c]->handle == handle)
			return table->chains[c];
	return NULL;
}

void chain_add_rule(struct chain *chain, struct rule *rule)
{
	GROW(chain->rules, chain->nrules, chain->room);
	chain->rules[chain->nrules++] = rule;
}

static bool rule_same(const struct rule *a, const struct rule *b)
{
	if (a->opaque && b->opaque)
		return a->handle == b->handle && !strcmp(a->opaque, b->opaque) &&
		       /* The elements of a map may have changed. */
		       a->end_known == b->end_known && a->verdict == b->verdict;
	return rule_equal(a, b);
}

static bool chain_same(const struct chain *a, const struct chain *b)
{
	if (strcmp(a->name, b->name) || a->policy != b->policy || a->loaded != b->loaded ||
	    a->foreign_base != b->foreign_base || a->nrules != b->nrules)
		return false;
	for (size_t i = 0; i < a->nrules; i++)
		if (!rule_same(a->rules[i], b->rules[i]))
			return false;
	return true;
}

bool snapshot_same(const struct snapshot *a, const struct snapshot *b)
{
	if (a->backend != b->backend || a->ntables != b->ntables)
		return false;
	for (size_t t = 0; t < a->ntables; t++) {
		const struct table *left = a->tables[t];
		const struct table *right = snapshot_table(b, left->family, left->name);

		if (!right || left->dormant != right->dormant || left->nchains != right->nchains ||
		    !guard_sets_same(&left->sets, &right->sets))
			return false;
		for (size_t c = 0; c < left->nchains; c++)
			if (!chain_same(left->chains[c], right->chains[c]))
				return false;
	}
	return true;
}
