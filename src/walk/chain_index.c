/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_index.h"

#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "sorted.h"

/* Shorter chains are walked without an index. */
#define INDEX_FROM 32

static struct indexed_chain *indexed_table_find(const struct indexed_table *table, const char *name)
{
	size_t at = table_index(table->table, name);

	return at < table->table->nchains ? &table->chains[at] : NULL;
}

struct indexed_chain *chain_index_find(const struct chain_index *index, const char *table,
				       const char *chain)
{
	for (size_t i = 0; i < index->n; i++)
		if (!strcmp(index->tables[i].table->name, table))
			return indexed_table_find(&index->tables[i], chain);
	return NULL;
}

static int by_key(const void *left, const void *right)
{
	const struct chain_key *a = left, *b = right;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void index_rule(struct indexed_chain *indexed, size_t rule)
{
	struct chain_key entry = { .rule = (uint32_t)rule };
	enum chain_key_kind kind = KEY_NONE;
	struct chain_keys *keys;
	struct match_key key;

	match_key(indexed->v[rule].ready.rule, &key);
	/* One key is enough. The most selective one comes first. */
	if (key.has_orig_dport) {
		kind = KEY_ORIG_DPORT;
		entry.value = key.orig_dport;
	} else if (key.has_dst) {
		kind = KEY_DST;
		entry.value = key.dst;
	} else if (key.has_dport) {
		kind = KEY_DPORT;
		entry.value = key.dport;
	}
	keys = &indexed->keys[kind];
	GROW(keys->v, keys->n, keys->room);
	keys->v[keys->n++] = entry;
}

static void index_chain(struct indexed_chain *indexed, const struct chain_index *index,
			const struct table *table, const struct chain *chain, bool marks_matter)
{
	indexed->chain = chain;
	indexed->table = table->name;
	indexed->filter = !strcmp(table->name, "filter");
	indexed->nat = !strcmp(table->name, "nat");
	indexed->known = chain->loaded;
	indexed->n = chain->nrules;
	indexed->v = xcalloc(indexed->n, sizeof(*indexed->v));
	indexed->keyed = indexed->n >= INDEX_FROM;
	for (size_t i = 0; i < indexed->n; i++) {
		const struct rule *rule = chain->rules[i];
		struct indexed_rule *entry = &indexed->v[i];

		match_ready(&entry->ready, rule, index->info,
			    !strcmp(table->name, GUARD_TABLE));
		entry->effect = target_effect(rule);
		if (!marks_matter && entry->effect == EFFECT_CHANGE && target_only_marks(rule))
			entry->effect = EFFECT_GO_ON;
		if (entry->effect == EFFECT_CHANGE || entry->effect == EFFECT_TRANSLATE ||
		    (marks_matter && (entry->effect == EFFECT_UNKNOWN || rule->opaque)))
			indexed->alters = true;
		if (indexed->keyed)
			index_rule(indexed, i);
	}
	for (size_t kind = 0; kind < KEY_KINDS; kind++) {
		struct chain_keys *keys = &indexed->keys[kind];

		if (keys->n)
			qsort(keys->v, keys->n, sizeof(*keys->v), by_key);
	}
}

static void connect_chains(const struct indexed_table *table)
{
	for (size_t c = 0; c < table->table->nchains; c++) {
		struct indexed_chain *indexed = &table->chains[c];

		for (size_t i = 0; i < indexed->n; i++) {
			struct indexed_rule *entry = &indexed->v[i];

			if (entry->effect == EFFECT_JUMP || entry->effect == EFFECT_GOTO)
				entry->to = indexed_table_find(table, entry->ready.rule->chain);
		}
	}
}

/* A chain that jumps to one that alters packets also alters them. */
static void spread_alters(const struct indexed_table *table)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t c = 0; c < table->table->nchains; c++) {
			struct indexed_chain *indexed = &table->chains[c];

			if (indexed->alters)
				continue;
			for (size_t i = 0; i < indexed->n && !indexed->alters; i++)
				indexed->alters = indexed->v[i].to && indexed->v[i].to->alters;
			changed |= indexed->alters;
		}
	}
}

static bool asks_mark(const struct snapshot *snapshot, enum family family)
{
	for (size_t t = 0; t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];

		for (size_t c = 0; c < table->nchains && table->family == family; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				if (match_reads_mark(table->chains[c]->rules[i]))
					return true;
	}
	return false;
}

static void index_tables(struct chain_index *index, const struct snapshot *snapshot,
			 bool marks_matter)
{
	index->tables = xreallocarray(index->tables, index->n + snapshot->ntables,
				      sizeof(*index->tables));
	for (size_t t = 0; t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];
		struct indexed_table *made = &index->tables[index->n];

		if (table->family != index->family)
			continue;
		index->n++;
		made->table = table;
		made->chains = xcalloc(table->nchains, sizeof(*made->chains));
		for (size_t c = 0; c < table->nchains; c++)
			index_chain(&made->chains[c], index, table, table->chains[c], marks_matter);
		connect_chains(made);
		spread_alters(made);
	}
}

void chain_index_make(struct chain_index *index, const struct snapshot *snapshot,
		      const struct snapshot *guard, const struct netinfo *info,
		      enum family family)
{
	bool marks_matter = asks_mark(snapshot, family) || (guard && asks_mark(guard, family));

	*index = (struct chain_index){ .family = family, .info = info };
	index_tables(index, snapshot, marks_matter);
	if (guard)
		index_tables(index, guard, marks_matter);
}

void chain_index_clear(struct chain_index *index)
{
	for (size_t t = 0; t < index->n; t++) {
		for (size_t c = 0; c < index->tables[t].table->nchains; c++) {
			struct indexed_chain *indexed = &index->tables[t].chains[c];

			for (size_t i = 0; i < indexed->n; i++)
				match_ready_clear(&indexed->v[i].ready);
			for (size_t kind = 0; kind < KEY_KINDS; kind++)
				free(indexed->keys[kind].v);
			free(indexed->v);
		}
		free(index->tables[t].chains);
	}
	free(index->tables);
	*index = (struct chain_index){ 0 };
}

static int by_value(const void *element, const void *key)
{
	const struct chain_key *entry = element;
	addr_t value = *(const addr_t *)key;

	return entry->value < value ? -1 : entry->value > value;
}

/* Points the cursor at the entries of one value: from the first to one past the last. */
static void run_of(struct chain_cursor *cursor, enum chain_key_kind kind, addr_t value)
{
	const struct chain_keys *keys = &cursor->indexed->keys[kind];
	size_t low;

	if (!keys->n)
		return;
	low = sorted_first(&value, keys->v, keys->n, sizeof(*keys->v), by_value);
	cursor->at[kind] = keys->v + low;
	while (low < keys->n && keys->v[low].value == value)
		low++;
	cursor->end[kind] = keys->v + low;
}

void chain_cursor_start(struct chain_cursor *cursor, const struct indexed_chain *indexed,
			const struct packet *packet, bool all)
{
	*cursor = (struct chain_cursor){ .indexed = indexed };
	cursor->all = all || !indexed->keyed || packet->dst.lo != packet->dst.hi ||
		      packet->dport.lo != packet->dport.hi ||
		      packet->orig_dport.lo != packet->orig_dport.hi;
	if (cursor->all)
		return;
	run_of(cursor, KEY_DST, packet->dst.lo);
	run_of(cursor, KEY_DPORT, packet->dport.lo);
	run_of(cursor, KEY_ORIG_DPORT, packet->orig_dport.lo);
	run_of(cursor, KEY_NONE, 0);
}

bool chain_cursor_next(struct chain_cursor *cursor, size_t *rule)
{
	const struct chain_key **first = NULL;

	if (cursor->all) {
		*rule = cursor->next++;
		return *rule < cursor->indexed->n;
	}
	for (size_t kind = 0; kind < KEY_KINDS; kind++)
		if (cursor->at[kind] < cursor->end[kind] &&
		    (!first || cursor->at[kind]->rule < (*first)->rule))
			first = &cursor->at[kind];
	if (!first)
		return false;
	*rule = (*first)->rule;
	(*first)++;
	return true;
}
