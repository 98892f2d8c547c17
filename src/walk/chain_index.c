/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_index.h"

#include <stdlib.h>
#include <string.h>

#include "search.h"

/* Shorter chains are walked as they are. */
#define INDEX_FROM 32

static struct links *find(const struct link_table *table, const char *name)
{
	size_t at = table_index(table->table, name);

	return at < table->table->nchains ? &table->chains[at] : NULL;
}

struct links *link_set_find(const struct link_set *set, const char *table, const char *chain)
{
	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->tables[i].table->name, table))
			return find(&set->tables[i], chain);
	return NULL;
}

static int by_key(const void *left, const void *right)
{
	const struct link_key *a = left, *b = right;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void index_rule(struct links *links, size_t rule)
{
	struct link_key entry = { .rule = (uint32_t)rule };
	enum link_by by = BY_NOTHING;
	struct link_index *index;
	struct match_key key;

	match_key(links->v[rule].ready.rule, &key);
	/* One key is enough; the one that tells most rules apart comes first. */
	if (key.has_orig_dport) {
		by = BY_ORIG_DPORT;
		entry.value = key.orig_dport;
	} else if (key.has_dst) {
		by = BY_DST;
		entry.value = key.dst;
	} else if (key.has_dport) {
		by = BY_DPORT;
		entry.value = key.dport;
	}
	index = &links->by[by];
	GROW(index->v, index->n, index->room);
	index->v[index->n++] = entry;
}

static void make_links(struct links *links, const struct link_set *set, const struct table *table,
		       const struct chain *chain, bool marks_matter)
{
	links->chain = chain;
	links->table = table->name;
	links->filter = !strcmp(table->name, "filter");
	links->nat = !strcmp(table->name, "nat");
	links->known = chain->loaded;
	links->n = chain->nrules;
	links->v = xcalloc(links->n, sizeof(*links->v));
	links->indexed = links->n >= INDEX_FROM;
	for (size_t i = 0; i < links->n; i++) {
		struct link *link = &links->v[i];

		match_ready(&link->ready, chain->rules[i], set->info);
		link->effect = target_effect(link->ready.rule);
		if (!marks_matter && link->effect == EFFECT_CHANGE && target_only_marks(link->ready.rule))
			link->effect = EFFECT_GO_ON;
		if (link->effect == EFFECT_CHANGE || link->effect == EFFECT_TRANSLATE ||
		    (marks_matter && (link->effect == EFFECT_UNKNOWN || link->ready.rule->opaque)))
			links->alters = true;
		if (links->indexed)
			index_rule(links, i);
	}
	for (size_t by = 0; by < LINK_KEYS; by++)
		if (links->by[by].n)
			qsort(links->by[by].v, links->by[by].n, sizeof(*links->by[by].v), by_key);
}

static void connect_chains(const struct link_table *table)
{
	for (size_t c = 0; c < table->table->nchains; c++) {
		struct links *links = &table->chains[c];

		for (size_t i = 0; i < links->n; i++) {
			struct link *link = &links->v[i];

			if (link->effect == EFFECT_JUMP || link->effect == EFFECT_GOTO)
				link->to = find(table, link->ready.rule->chain);
		}
	}
}

/* A chain that calls one that alters packets alters them too. */
static void spread_alters(const struct link_table *table)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t c = 0; c < table->table->nchains; c++) {
			struct links *links = &table->chains[c];

			if (links->alters)
				continue;
			for (size_t i = 0; i < links->n && !links->alters; i++)
				links->alters = links->v[i].to && links->v[i].to->alters;
			changed |= links->alters;
		}
	}
}

static bool asks_mark(const struct snapshot *snapshot, enum family family)
{
	for (size_t t = 0; t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];

		for (size_t c = 0; c < table->nchains && table->family == family; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				if (match_asks_mark(table->chains[c]->rules[i]))
					return true;
	}
	return false;
}

void link_set_make(struct link_set *set, const struct snapshot *snapshot,
		   const struct netinfo *info, enum family family)
{
	bool marks_matter = asks_mark(snapshot, family);

	*set = (struct link_set){ .family = family, .info = info };
	set->tables = xcalloc(snapshot->ntables, sizeof(*set->tables));
	for (size_t t = 0; t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];
		struct link_table *made = &set->tables[set->n];

		if (table->family != family)
			continue;
		set->n++;
		made->table = table;
		made->chains = xcalloc(table->nchains, sizeof(*made->chains));
		for (size_t c = 0; c < table->nchains; c++)
			make_links(&made->chains[c], set, table, table->chains[c], marks_matter);
		connect_chains(made);
		spread_alters(made);
	}
}

void link_set_clear(struct link_set *set)
{
	for (size_t t = 0; t < set->n; t++) {
		for (size_t c = 0; c < set->tables[t].table->nchains; c++) {
			struct links *links = &set->tables[t].chains[c];

			for (size_t i = 0; i < links->n; i++)
				match_ready_clear(&links->v[i].ready);
			for (size_t by = 0; by < LINK_KEYS; by++)
				free(links->by[by].v);
			free(links->v);
		}
		free(set->tables[t].chains);
	}
	free(set->tables);
	*set = (struct link_set){ 0 };
}

static int by_value(const void *element, const void *key)
{
	const struct link_key *entry = element;
	addr_t value = *(const addr_t *)key;

	return entry->value < value ? -1 : entry->value > value;
}

/* The entries of one value: from the first up to the one after the last. */
static void run_of(struct cursor *cursor, enum link_by by, addr_t value)
{
	const struct link_index *index = &cursor->links->by[by];
	size_t low;

	if (!index->n)
		return;
	low = search_first(&value, index->v, index->n, sizeof(*index->v), by_value);
	cursor->at[by] = index->v + low;
	while (low < index->n && index->v[low].value == value)
		low++;
	cursor->end[by] = index->v + low;
}

void cursor_start(struct cursor *cursor, const struct links *links, const struct packet *packet,
		  bool all)
{
	*cursor = (struct cursor){ .links = links };
	cursor->all = all || !links->indexed || packet->dst.lo != packet->dst.hi ||
		      packet->dport.lo != packet->dport.hi ||
		      packet->orig_dport.lo != packet->orig_dport.hi;
	if (cursor->all)
		return;
	run_of(cursor, BY_DST, packet->dst.lo);
	run_of(cursor, BY_DPORT, packet->dport.lo);
	run_of(cursor, BY_ORIG_DPORT, packet->orig_dport.lo);
	run_of(cursor, BY_NOTHING, 0);
}

bool cursor_next(struct cursor *cursor, size_t *rule)
{
	const struct link_key **first = NULL;

	if (cursor->all) {
		*rule = cursor->next++;
		return *rule < cursor->links->n;
	}
	for (size_t by = 0; by < LINK_KEYS; by++)
		if (cursor->at[by] < cursor->end[by] &&
		    (!first || cursor->at[by]->rule < (*first)->rule))
			first = &cursor->at[by];
	if (!first)
		return false;
	*rule = (*first)->rule;
	(*first)++;
	return true;
}
