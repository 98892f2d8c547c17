/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_diff.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"

bool held_exclusive(const struct policy *policy, const char *chain)
{
	return policy->foreign_rules == FOREIGN_REMOVE || strcmp(chain, DOCKER_USER);
}

/* Wanted rules by hash, so that a live one finds its equals quickly. */
struct entry {
	uint32_t hash;
	size_t wanted;
};

static int by_hash(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->wanted < right->wanted ? -1 : left->wanted > right->wanted;
}

static struct entry *index_wanted(const struct wanted_rules *wanted)
{
	struct entry *entries = xcalloc(wanted->n, sizeof(*entries));

	for (size_t i = 0; i < wanted->n; i++)
		entries[i] = (struct entry){ rule_hash(wanted->v[i].rule), i };
	if (wanted->n)
		qsort(entries, wanted->n, sizeof(*entries), by_hash);
	return entries;
}

static size_t first_entry(const struct entry *entries, size_t n, uint32_t hash)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entries[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the rule is a wanted one; which the first such entry is. */
static bool find_wanted(const struct held *held, const struct entry *entries,
			const struct rule *rule, size_t *entry)
{
	uint32_t hash;

	if (rule->opaque)
		return false;
	hash = rule_hash(rule);
	for (size_t e = first_entry(entries, held->wanted->n, hash);
	     e < held->wanted->n && entries[e].hash == hash; e++) {
		if (rule_equal_but_mark(rule, held->wanted->v[entries[e].wanted].rule)) {
			*entry = e;
			return true;
		}
	}
	return false;
}

/* entry_of: of each live rule the first entry that it equals; HELD_MISSING where none. */
static void sort_out(struct held *held, const struct entry *entries, size_t *entry_of,
		     struct reach *reach, bool exclusive)
{
	const struct chain *chain = held->chain;

	held->barrier = chain->nrules;
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		entry_of[i] = HELD_MISSING;
		if (find_wanted(held, entries, rule, &entry_of[i]))
			held->parts[i] = PART_MOVED;
		else if (rule_is_marked(rule))
			held->parts[i] = PART_STALE;
		else if (exclusive && !docker_is_closing(chain, i))
			held->parts[i] = PART_ALIEN;
		else
			held->parts[i] = PART_FOREIGN;
		if (held->parts[i] == PART_FOREIGN && held->barrier == chain->nrules &&
		    reach_bypasses(reach, chain, rule))
			held->barrier = i;
	}
}

/* One pair of a live and a wanted rule that are equal, in a chain of such pairs. */
struct pair {
	size_t live, wanted;
	size_t before; /* index of the pair in front, or HELD_MISSING */
};

/*
 * The longest rising run of pairs: patience sorting, the pairs of one live
 * rule from the last wanted one to the first, so that none follows another of
 * its own.
 */
static void keep_longest(struct held *held, const struct entry *entries, const size_t *entry_of)
{
	struct pair *pairs = NULL;
	size_t npairs = 0, room = 0, length = 0;
	size_t *ends = xcalloc(held->wanted->n, sizeof(*ends));

	for (size_t i = 0; i < held->barrier; i++) {
		const struct rule *rule = held->chain->rules[i];
		size_t first = entry_of[i], last;

		if (first == HELD_MISSING)
			continue;
		for (last = first; last < held->wanted->n &&
				   entries[last].hash == entries[first].hash; last++)
			;
		for (size_t e = last; e-- > first;) {
			size_t wanted = entries[e].wanted, low = 0, high = length;

			if (!rule_equal_but_mark(rule, held->wanted->v[wanted].rule))
				continue;
			while (low < high) {
				size_t middle = low + (high - low) / 2;

				if (pairs[ends[middle]].wanted < wanted)
					low = middle + 1;
				else
					high = middle;
			}
			/* An equal end is not replaced: the earlier live rule stays. */
			if (low < length && pairs[ends[low]].wanted == wanted)
				continue;
			GROW(pairs, npairs, room);
			pairs[npairs] = (struct pair){ i, wanted, low ? ends[low - 1] : HELD_MISSING };
			ends[low] = npairs++;
			if (low == length)
				length++;
		}
	}
	for (size_t p = length ? ends[length - 1] : HELD_MISSING; p != HELD_MISSING;
	     p = pairs[p].before) {
		held->live[pairs[p].wanted] = pairs[p].live;
		held->parts[pairs[p].live] = PART_KEPT;
	}
	free(pairs);
	free(ends);
}

/* Each wanted rule that is not kept takes an equal live one that nobody has. */
static void pair_the_rest(struct held *held, const struct entry *entries, const size_t *entry_of)
{
	bool *taken = xcalloc(held->wanted->n, sizeof(*taken));

	for (size_t w = 0; w < held->wanted->n; w++)
		taken[w] = held->live[w] != HELD_MISSING;
	for (size_t i = 0; i < held->chain->nrules; i++) {
		const struct rule *rule = held->chain->rules[i];
		size_t e = entry_of[i];

		if (held->parts[i] != PART_MOVED)
			continue;
		held->parts[i] = PART_STALE;
		for (uint32_t hash = entries[e].hash;
		     e < held->wanted->n && entries[e].hash == hash; e++) {
			size_t wanted = entries[e].wanted;

			if (taken[wanted] ||
			    !rule_equal_but_mark(rule, held->wanted->v[wanted].rule))
				continue;
			taken[wanted] = true;
			held->live[wanted] = i;
			held->parts[i] = PART_MOVED;
			break;
		}
	}
	free(taken);
}

static bool is_kept(const struct held *held, size_t wanted)
{
	return held->live[wanted] != HELD_MISSING && held->parts[held->live[wanted]] == PART_KEPT;
}

/* Behind the wanted rule before it that is kept, or in front of the next one. */
static void find_places(struct held *held)
{
	size_t n = held->wanted->n, first = 0, place;

	held->places = xcalloc(n, sizeof(*held->places));
	while (first < n && !is_kept(held, first))
		first++;
	place = first < n ? held->live[first] : held->chain ? held->barrier : 0;
	for (size_t w = 0; w < n; w++) {
		held->places[w] = place;
		if (is_kept(held, w))
			place = held->live[w] + 1;
	}
}

void held_look(struct held *held, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, bool exclusive)
{
	struct entry *entries = index_wanted(wanted);

	*held = (struct held){ .chain = chain, .wanted = wanted };
	held->live = xcalloc(wanted->n, sizeof(*held->live));
	for (size_t w = 0; w < wanted->n; w++)
		held->live[w] = HELD_MISSING;
	if (chain) {
		size_t *entry_of = xcalloc(chain->nrules, sizeof(*entry_of));

		held->parts = xcalloc(chain->nrules, sizeof(*held->parts));
		sort_out(held, entries, entry_of, reach, exclusive);
		keep_longest(held, entries, entry_of);
		pair_the_rest(held, entries, entry_of);
		free(entry_of);
	}
	find_places(held);
	free(entries);
}

void held_clear(struct held *held)
{
	free(held->parts);
	free(held->live);
	free(held->places);
	*held = (struct held){ 0 };
}

bool held_is_stale_chain(const struct policy *policy, const struct chain *chain)
{
	if (!chain->loaded || chain->builtin || chain->foreign_base || !chain->nrules ||
	    docker_owns_chain(chain->name) || policy_chain(policy, chain->name))
		return false;
	for (size_t i = 0; i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]))
			return false;
	return true;
}
