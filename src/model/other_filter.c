/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_filter.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "sorted.h"
#include "util.h"

/* Whether it is Docker's table in one of the families ip and ip6. */
static bool is_docker(const char *name)
{
	return !strcmp(name, "ip " DOCKER_NFT_TABLE) || !strcmp(name, "ip6 " DOCKER_NFT_TABLE);
}

size_t other_filters_table(struct other_filters *filters, const char *name, unsigned int families)
{
	GROW(filters->tables, filters->ntables, filters->tables_room);
	filters->tables[filters->ntables] = (struct other_table){
		.name = xstrdup(name), .families = families, .docker = is_docker(name),
	};
	return filters->ntables++;
}

struct other_chain *other_filters_add_chain(struct other_filters *filters, const char *name)
{
	struct other_chain *chain;

	GROW(filters->chains, filters->nchains, filters->chains_room);
	chain = &filters->chains[filters->nchains++];
	*chain = (struct other_chain){ .table = filters->ntables - 1, .name = xstrdup(name) };
	return chain;
}

static int by_table_and_name(const void *left, const void *right)
{
	const struct other_chain *a = left, *b = right;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The chains of earlier tables stay where they are: their numbers are lower. */
void other_filters_sort(struct other_filters *filters)
{
	if (filters->nchains)
		qsort(filters->chains, filters->nchains, sizeof(*filters->chains), by_table_and_name);
}

size_t other_filters_chain(const struct other_filters *filters, size_t table, const char *name)
{
	struct other_chain key = { .table = table }, *found = NULL;

	key.name = xstrdup(name);
	if (filters->nchains)
		found = bsearch(&key, filters->chains, filters->nchains, sizeof(key),
				by_table_and_name);
	free(key.name);
	return found ? (size_t)(found - filters->chains) : OTHER_NOWHERE;
}

const struct other_chain *other_filters_followed(const struct other_filters *filters,
						 enum family family, const char *table,
						 const char *chain)
{
	for (size_t t = 0; filters && t < filters->ntables; t++) {
		size_t at = OTHER_NOWHERE;

		if (filters->tables[t].followed && filters->tables[t].families & 1U << family &&
		    !strcmp(filters->tables[t].name, table))
			at = other_filters_chain(filters, t, chain);
		if (at != OTHER_NOWHERE)
			return &filters->chains[at];
	}
	return NULL;
}

static int by_number(const void *element, const void *key)
{
	const struct other_rule *rule = element;
	size_t number = *(const size_t *)key;

	return rule->number < number ? -1 : rule->number > number;
}

const struct other_rule *other_chain_reading(const struct other_chain *chain, size_t number,
					     const struct rule *rule, size_t *n)
{
	size_t at;

	*n = 0;
	if (!chain || !rule->opaque || !rule->handle)
		return NULL;
	at = sorted_first(&number, chain->v, chain->n, sizeof(*chain->v), by_number);
	while (at + *n < chain->n && chain->v[at + *n].number == number &&
	       chain->v[at + *n].handle == rule->handle)
		++*n;
	return *n ? &chain->v[at] : NULL;
}

struct other_set *other_filters_set(struct other_filters *filters, size_t nkeys)
{
	struct other_set *set = xcalloc(1, sizeof(*set));

	set->nkeys = nkeys;
	GROW(filters->sets, filters->nsets, filters->sets_room);
	filters->sets[filters->nsets++] = set;
	return set;
}

const struct other_key *other_filters_keys(struct other_filters *filters,
					   const struct other_key *keys, size_t n)
{
	struct other_key *copy = xcalloc(n, sizeof(*copy));

	memcpy(copy, keys, n * sizeof(*copy));
	GROW(filters->keys, filters->nkeys, filters->keys_room);
	filters->keys[filters->nkeys++] = copy;
	return copy;
}

/* ---- rules ---- */

void other_rule_add_test(struct other_rule *rule, const struct other_test *test)
{
	for (size_t i = 0; i < rule->ntests; i++)
		if (other_test_same(&rule->tests[i], test))
			return;
	GROW(rule->tests, rule->ntests, rule->tests_room);
	rule->tests[rule->ntests++] = *test;
}

void other_rule_want(struct other_rule *rule, enum other_field field, uint8_t size,
		     struct addrrange range, bool inverted)
{
	const struct other_test test = {
		.key = { .field = field, .size = size, .mask = OTHER_MASK_ALL },
		.nkeys = 1, .inverted = inverted, .range = range,
	};

	other_rule_add_test(rule, &test);
}

void other_rule_change(struct other_rule *rule, const struct other_change *change)
{
	GROW(rule->changes, rule->nchanges, rule->changes_room);
	rule->changes[rule->nchanges++] = *change;
}

struct other_rule other_rule_copy(const struct other_rule *rule)
{
	struct other_rule copy = *rule;

	copy.tests = rule->ntests ? xmemdup(rule->tests, rule->ntests * sizeof(*rule->tests)) : NULL;
	copy.tests_room = rule->ntests;
	copy.changes = rule->nchanges ? xmemdup(rule->changes, rule->nchanges * sizeof(*rule->changes))
				      : NULL;
	copy.changes_room = rule->nchanges;
	copy.xt = rule->xt ? rule_copy(rule->xt) : NULL;
	return copy;
}

void other_rule_clear(struct other_rule *rule)
{
	free(rule->tests);
	free(rule->changes);
	rule_free(rule->xt);
	*rule = (struct other_rule){ 0 };
}

bool other_rule_alters(const struct other_rule *rule)
{
	return rule->nchanges || rule->verdict == OTHER_TRANSLATE || rule->verdict == OTHER_ANYTHING;
}

bool other_rule_range(const struct other_rule *rule, enum other_field field,
		      struct addrrange *range)
{
	bool found = false;

	for (size_t i = 0; i < rule->ntests; i++) {
		const struct other_test *test = &rule->tests[i];

		if (!other_test_reads(test, field))
			continue;
		if (found || test->nkeys > 1 || test->inverted || test->key.mask != OTHER_MASK_ALL ||
		    other_test_count(test) != 1)
			return false;
		*range = other_test_range(test, 0, 0);
		found = true;
	}
	return found;
}

uint8_t other_rule_proto(const struct other_rule *rule)
{
	struct addrrange range;

	if ((!other_rule_range(rule, FIELD_PROTO, &range) &&
	     !other_rule_range(rule, FIELD_NEXT_HEADER, &range)) || range.lo != range.hi)
		return 0;
	return (uint8_t)range.lo;
}

void other_chain_add(struct other_chain *chain, struct other_rule *rule)
{
	/* An alternative that does nothing keeps packets from those after it. */
	if (!rule->xt && !rule->alternative && !rule->handle && rule->verdict == OTHER_GO_ON &&
	    !rule->nchanges) {
		other_rule_clear(rule);
		return;
	}
	GROW(chain->v, chain->n, chain->room);
	chain->v[chain->n++] = *rule;
	*rule = (struct other_rule){ 0 };
}

/* ---- base chains ---- */

void other_filters_take(struct other_filters *filters, struct other_hook hook)
{
	GROW(filters->v, filters->n, filters->room);
	filters->v[filters->n++] = hook;
}

bool other_hook_filters(const struct other_filters *filters, const struct other_hook *hook)
{
	return hook->drops || filters->chains[hook->chain].rules;
}

static void move_chains(struct other_filters *to, struct other_filters *from)
{
	size_t chains = to->nchains, tables = to->ntables;

	for (size_t i = 0; i < from->ntables; i++) {
		GROW(to->tables, to->ntables, to->tables_room);
		to->tables[to->ntables++] = from->tables[i];
	}
	for (size_t i = 0; i < from->nchains; i++) {
		struct other_chain chain = from->chains[i];

		chain.table += tables;
		for (size_t k = 0; k < chain.n; k++)
			if (chain.v[k].to != OTHER_NOWHERE)
				chain.v[k].to += chains;
		GROW(to->chains, to->nchains, to->chains_room);
		to->chains[to->nchains++] = chain;
	}
	for (size_t i = 0; i < from->n; i++) {
		struct other_hook hook = from->v[i];

		hook.chain += chains;
		other_filters_take(to, hook);
	}
}

void other_filters_move(struct other_filters *to, struct other_filters *from)
{
	move_chains(to, from);
	to->in_bridges |= from->in_bridges;
	for (size_t i = 0; i < from->nsets; i++) {
		GROW(to->sets, to->nsets, to->sets_room);
		to->sets[to->nsets++] = from->sets[i];
	}
	for (size_t i = 0; i < from->nkeys; i++) {
		GROW(to->keys, to->nkeys, to->keys_room);
		to->keys[to->nkeys++] = from->keys[i];
	}
	free(from->tables);
	free(from->chains);
	free(from->v);
	free(from->sets);
	free(from->keys);
	*from = (struct other_filters){ 0 };
}

void other_filters_clear(struct other_filters *filters)
{
	for (size_t i = 0; i < filters->n; i++) {
		free(filters->v[i].devices);
		free(filters->v[i].name);
	}
	for (size_t i = 0; i < filters->nchains; i++) {
		for (size_t k = 0; k < filters->chains[i].n; k++)
			other_rule_clear(&filters->chains[i].v[k]);
		free(filters->chains[i].name);
		free(filters->chains[i].v);
	}
	for (size_t i = 0; i < filters->ntables; i++)
		free(filters->tables[i].name);
	for (size_t i = 0; i < filters->nsets; i++)
		other_set_free(filters->sets[i]);
	for (size_t i = 0; i < filters->nkeys; i++)
		free(filters->keys[i]);
	free(filters->v);
	free(filters->chains);
	free(filters->tables);
	free(filters->sets);
	free(filters->keys);
	*filters = (struct other_filters){ 0 };
}
