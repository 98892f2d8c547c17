/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_index.h"

#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "native_effect.h"
#include "native_match.h"
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

static void add_key(struct indexed_chain *indexed, size_t rule, const struct match_key *key)
{
	struct chain_key entry = { .rule = (uint32_t)rule };
	enum chain_key_kind kind = KEY_NONE;
	struct chain_keys *keys;

	/* One key is enough. The most selective one comes first. */
	if (key->has_orig_dport) {
		kind = KEY_ORIG_DPORT;
		entry.value = key->orig_dport;
	} else if (key->has_dst) {
		kind = KEY_DST;
		entry.value = key->dst;
	} else if (key->has_dport) {
		kind = KEY_DPORT;
		entry.value = key->dport;
	}
	keys = &indexed->keys[kind];
	GROW(keys->v, keys->n, keys->room);
	keys->v[keys->n++] = entry;
}

/* The only value of a field that the rule matches. */
static bool only_value(const struct other_rule *rule, enum other_field field, addr_t *value)
{
	struct addrrange range;

	if (!other_rule_range(rule, field, &range) || range.lo != range.hi)
		return false;
	*value = range.lo;
	return true;
}

/* As match_key(). A protocol without ports has something else there. */
static void native_key(const struct other_rule *rule, enum family family, struct match_key *key)
{
	addr_t proto, port;

	*key = (struct match_key){ 0 };
	for (size_t i = 0; i < rule->ntests; i++)
		if (rule->tests[i].key.field == FIELD_DESTINATION &&
		    rule->tests[i].key.size != family_addr_size(family))
			return;
	key->has_dst = only_value(rule, FIELD_DESTINATION, &key->dst);
	if (only_value(rule, FIELD_PROTO, &proto) && proto_has_ports((uint8_t)proto) &&
	    only_value(rule, FIELD_DPORT, &port)) {
		key->has_dport = true;
		key->dport = (uint16_t)port;
	}
}

static void index_rule(struct indexed_chain *indexed, size_t rule, enum family family)
{
	const struct indexed_rule *entry = &indexed->v[rule];
	struct match_key key;

	if (entry->native)
		native_key(entry->native, family, &key);
	else
		match_key(entry->ready.rule, &key);
	add_key(indexed, rule, &key);
}

static bool may_alter(const struct indexed_rule *entry)
{
	if (entry->effect == EFFECT_CHANGE || entry->effect == EFFECT_TRANSLATE ||
	    entry->effect == EFFECT_UNDECIDED || entry->relays)
		return true;
	if (entry->native)
		return entry->native->nchanges || entry->effect == EFFECT_UNKNOWN;
	return entry->ready.rule->opaque ? !entry->ready.rule->keeps_packet
					 : entry->effect == EFFECT_UNKNOWN;
}

/* Fills in a rule of x_tables. */
static void ready_entry(struct indexed_rule *entry, const struct chain_index *index,
			const struct rule *rule, bool guard)
{
	match_ready(&entry->ready, rule, index->info, index->sets, guard);
	entry->effect = target_effect(rule);
	entry->relays = target_relays(rule);
	if (!index->marks_matter && entry->effect == EFFECT_CHANGE && target_only_marks(rule))
		entry->effect = EFFECT_GO_ON;
}

/* What can be prepared once all rules are there. */
static void finish_chain(struct indexed_chain *indexed, enum family family)
{
	indexed->keyed = indexed->n >= INDEX_FROM;
	for (size_t i = 0; i < indexed->n; i++) {
		indexed->alters |= may_alter(&indexed->v[i]);
		if (indexed->keyed)
			index_rule(indexed, i, family);
	}
	for (size_t kind = 0; kind < KEY_KINDS; kind++) {
		struct chain_keys *keys = &indexed->keys[kind];

		if (keys->n)
			qsort(keys->v, keys->n, sizeof(*keys->v), by_key);
	}
}

/* Fills in a rule of nf_tables. */
static void ready_native(struct indexed_rule *entry, const struct chain_index *index,
			 const struct other_rule *rule)
{
	entry->native = rule;
	native_ready(&entry->ready, rule, index->family);
	entry->effect = native_effect(rule);
	entry->relays = rule->relays;
	if (!index->marks_matter && entry->effect == EFFECT_CHANGE && native_only_marks(rule))
		entry->effect = EFFECT_GO_ON;
}

static struct indexed_rule *next_entry(struct indexed_chain *indexed, size_t *room)
{
	GROW(indexed->v, indexed->n, *room);
	indexed->v[indexed->n] = (struct indexed_rule){ 0 };
	return &indexed->v[indexed->n++];
}

/* In the place of an opaque rule there are those that were read of it, if there are any. */
static void index_chain(struct indexed_chain *indexed, const struct chain_index *index,
			const struct table *table, const struct chain *chain)
{
	const struct other_chain *followed = other_filters_followed(index->filters, index->family,
								    table->name, chain->name);
	bool guard = !strcmp(table->name, GUARD_TABLE);
	size_t room = chain->nrules;

	indexed->chain = chain;
	indexed->table = table->name;
	indexed->filter = !strcmp(table->name, "filter");
	indexed->nat = !strcmp(table->name, "nat");
	indexed->known = chain->loaded;
	indexed->v = xcalloc(room, sizeof(*indexed->v));
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct other_rule *read;
		size_t n;

		read = other_chain_reading(followed, i + 1, chain->rules[i], &n);
		if (!n)
			ready_entry(next_entry(indexed, &room), index, chain->rules[i], guard);
		for (size_t k = 0; k < n; k++)
			ready_native(next_entry(indexed, &room), index, &read[k]);
		for (size_t k = indexed->n - (n ? n : 1); k < indexed->n; k++)
			indexed->v[k].number = i + 1;
	}
	finish_chain(indexed, index->family);
}

static const char *leads_to(const struct indexed_rule *entry)
{
	return entry->native ? entry->native->to_name : entry->ready.rule->chain;
}

static void connect_chains(const struct indexed_table *table)
{
	for (size_t c = 0; c < table->table->nchains; c++) {
		struct indexed_chain *indexed = &table->chains[c];

		for (size_t i = 0; i < indexed->n; i++) {
			struct indexed_rule *entry = &indexed->v[i];

			if (entry->effect == EFFECT_JUMP || entry->effect == EFFECT_GOTO)
				entry->to = indexed_table_find(table, leads_to(entry));
			if (entry->to)
				entry->to->jumps++;
		}
	}
}

/* A chain that jumps to one that alters packets also alters them. */
static void spread_alters(struct indexed_chain *chains, size_t n)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t c = 0; c < n; c++) {
			struct indexed_chain *indexed = &chains[c];

			if (indexed->alters)
				continue;
			for (size_t i = 0; i < indexed->n && !indexed->alters; i++)
				indexed->alters = indexed->v[i].to && indexed->v[i].to->alters;
			changed |= indexed->alters;
		}
	}
}

/* ---- the chains of others ---- */

static void ready_other(struct indexed_rule *entry, const struct chain_index *index,
			const struct other_rule *rule)
{
	entry->number = rule->number;
	if (rule->xt) {
		ready_entry(entry, index, rule->xt, false);
		return;
	}
	ready_native(entry, index, rule);
}

static void connect_others(struct chain_index *index, const struct other_filters *others)
{
	for (size_t c = 0; c < others->nchains; c++) {
		struct indexed_chain *indexed = &index->others[c];

		for (size_t i = 0; i < indexed->n; i++) {
			struct indexed_rule *entry = &indexed->v[i];
			size_t to = others->chains[c].v[i].to;

			if (to == OTHER_NOWHERE ||
			    (entry->effect != EFFECT_JUMP && entry->effect != EFFECT_GOTO))
				continue;
			entry->to = &index->others[to];
			entry->to->jumps++;
		}
	}
}

static void index_others(struct chain_index *index, const struct other_filters *others)
{
	if (!others)
		return;
	index->nothers = others->nchains;
	index->others = xcalloc(others->nchains + 1, sizeof(*index->others));
	index->other_chains = xcalloc(others->nchains + 1, sizeof(*index->other_chains));
	for (size_t c = 0; c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];
		const struct other_table *table = &others->tables[chain->table];
		struct indexed_chain *indexed = &index->others[c];

		index->other_chains[c] = (struct chain){ .name = chain->name, .builtin = chain->base,
							 .loaded = true };
		indexed->chain = &index->other_chains[c];
		indexed->table = table->name;
		indexed->filter = table->docker;
		indexed->other = true;
		indexed->known = true;
		if (!(table->families & 1U << index->family))
			continue;
		indexed->n = chain->n;
		indexed->v = xcalloc(chain->n, sizeof(*indexed->v));
		for (size_t i = 0; i < chain->n; i++)
			ready_other(&indexed->v[i], index, &chain->v[i]);
		finish_chain(indexed, index->family);
	}
	connect_others(index, others);
	spread_alters(index->others, index->nothers);
}

static bool others_ask_mark(const struct other_filters *others)
{
	for (size_t c = 0; others && c < others->nchains; c++)
		for (size_t i = 0; i < others->chains[c].n; i++) {
			const struct other_rule *rule = &others->chains[c].v[i];

			if (rule->xt && match_reads_mark(rule->xt))
				return true;
			for (size_t t = 0; t < rule->ntests; t++)
				if (other_test_reads(&rule->tests[t], FIELD_MARK) ||
				    other_test_reads(&rule->tests[t], FIELD_CT_MARK))
					return true;
		}
	return false;
}

/* ---- */

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

static void index_tables(struct chain_index *index, const struct snapshot *snapshot)
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
			index_chain(&made->chains[c], index, table, table->chains[c]);
		connect_chains(made);
		spread_alters(made->chains, table->nchains);
	}
}

void chain_index_make(struct chain_index *index, const struct snapshot *snapshot,
		      const struct snapshot *guard, const struct other_filters *others,
		      const struct ipsets *sets, const struct netinfo *info, enum family family)
{
	*index = (struct chain_index){ .family = family, .info = info, .sets = sets,
				       .filters = others };
	index->marks_matter = asks_mark(snapshot, family) || (guard && asks_mark(guard, family)) ||
			      netinfo_marks_matter(info, family) || others_ask_mark(others);
	index_tables(index, snapshot);
	if (guard)
		index_tables(index, guard);
	index_others(index, others);
}

static void indexed_chain_clear(struct indexed_chain *indexed)
{
	for (size_t i = 0; i < indexed->n; i++)
		match_ready_clear(&indexed->v[i].ready);
	for (size_t kind = 0; kind < KEY_KINDS; kind++)
		free(indexed->keys[kind].v);
	free(indexed->v);
}

void chain_index_clear(struct chain_index *index)
{
	for (size_t t = 0; t < index->n; t++) {
		for (size_t c = 0; c < index->tables[t].table->nchains; c++)
			indexed_chain_clear(&index->tables[t].chains[c]);
		free(index->tables[t].chains);
	}
	for (size_t c = 0; c < index->nothers; c++)
		indexed_chain_clear(&index->others[c]);
	free(index->others);
	free(index->other_chains);
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
	cursor->all = all || !indexed->keyed ||
		      (packet->dst.lo != packet->dst.hi && indexed->keys[KEY_DST].n) ||
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

void chain_cursor_changed(struct chain_cursor *cursor, size_t rule, const struct packet *old,
			  const struct packet *packet)
{
	if (cursor->all || (packet->dst.lo == old->dst.lo && packet->dst.hi == old->dst.hi &&
			    span_equal(packet->dport, old->dport) &&
			    span_equal(packet->orig_dport, old->orig_dport)))
		return;
	cursor->all = true;
	cursor->next = rule + 1;
}
