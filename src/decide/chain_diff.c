/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_diff.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "sorted.h"
#include "util.h"

bool chain_is_exclusive(const struct policy *policy, const char *chain)
{
	return policy->foreign_rules == FOREIGN_REMOVE || strcmp(chain, DOCKER_USER);
}

bool chain_is_held(const struct policy *policy, const char *chain)
{
	const struct wanted_chain *wanted = policy_chain(policy, chain);

	return wanted && wanted->filled_by == FILLED_BY_DOCKFW;
}

/* The wanted rules by hash, to look up the equals of a live rule quickly. */
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

static int entry_order(const void *element, const void *key)
{
	uint32_t hash = ((const struct entry *)element)->hash, wanted = *(const uint32_t *)key;

	return hash < wanted ? -1 : hash > wanted;
}

/* Whether the rule is wanted; sets entry to the first equal entry. */
static bool find_wanted(const struct chain_diff *diff, const struct entry *entries,
			const struct rule *rule, size_t *entry)
{
	uint32_t hash;

	if (rule->opaque)
		return false;
	hash = rule_hash(rule);
	for (size_t e = sorted_first(&hash, entries, diff->wanted->n, sizeof(*entries), entry_order);
	     e < diff->wanted->n && entries[e].hash == hash; e++) {
		if (rule_equal_but_mark(rule, diff->wanted->v[entries[e].wanted].rule)) {
			*entry = e;
			return true;
		}
	}
	return false;
}

/* Sets entry_of: for each live rule the first equal entry, or DIFF_MISSING. */
static void sort_out(struct chain_diff *diff, const struct entry *entries, size_t *entry_of,
		     struct reach *reach, bool exclusive)
{
	const struct chain *chain = diff->chain;

	diff->barrier = chain->nrules;
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		entry_of[i] = DIFF_MISSING;
		if (find_wanted(diff, entries, rule, &entry_of[i]))
			diff->fates[i] = LIVE_MOVED;
		else if (rule_is_marked(rule))
			diff->fates[i] = LIVE_STALE;
		else if (exclusive && !docker_is_closing(chain, i))
			diff->fates[i] = LIVE_EVICTED;
		else
			diff->fates[i] = LIVE_FOREIGN;
		if (diff->fates[i] == LIVE_FOREIGN && diff->barrier == chain->nrules &&
		    reach_bypasses(reach, chain, rule))
			diff->barrier = i;
	}
}

/*
 * Keeps the largest number of pairs of equal live and wanted rules that are in the same
 * order on both sides. The pairs of one live rule are added from the last wanted rule
 * to the first, so that no sequence contains two of them.
 */
static void keep_longest(struct chain_diff *diff, const struct entry *entries,
			 const size_t *entry_of)
{
	struct rising rising = { 0 };

	for (size_t i = 0; i < diff->barrier; i++) {
		const struct rule *rule = diff->chain->rules[i];
		size_t first = entry_of[i], last;

		if (first == DIFF_MISSING)
			continue;
		for (last = first; last < diff->wanted->n &&
				   entries[last].hash == entries[first].hash; last++)
			;
		for (size_t e = last; e-- > first;)
			if (rule_equal_but_mark(rule, diff->wanted->v[entries[e].wanted].rule))
				rising_add(&rising, i, entries[e].wanted);
	}
	for (const struct rising_pair *pair = rising_last(&rising); pair;
	     pair = rising_before(&rising, pair)) {
		diff->live[pair->value] = pair->tag;
		diff->fates[pair->tag] = LIVE_KEPT;
	}
	rising_clear(&rising);
}

/* Gives each wanted rule that is not kept an equal live rule that is still free. */
static void pair_the_rest(struct chain_diff *diff, const struct entry *entries, const size_t *entry_of)
{
	bool *taken = xcalloc(diff->wanted->n, sizeof(*taken));

	for (size_t w = 0; w < diff->wanted->n; w++)
		taken[w] = diff->live[w] != DIFF_MISSING;
	for (size_t i = 0; i < diff->chain->nrules; i++) {
		const struct rule *rule = diff->chain->rules[i];
		size_t e = entry_of[i];

		if (diff->fates[i] != LIVE_MOVED)
			continue;
		diff->fates[i] = LIVE_STALE;
		for (uint32_t hash = entries[e].hash;
		     e < diff->wanted->n && entries[e].hash == hash; e++) {
			size_t wanted = entries[e].wanted;

			if (taken[wanted] ||
			    !rule_equal_but_mark(rule, diff->wanted->v[wanted].rule))
				continue;
			taken[wanted] = true;
			diff->live[wanted] = i;
			diff->fates[i] = LIVE_MOVED;
			break;
		}
	}
	free(taken);
}

static bool is_kept(const struct chain_diff *diff, size_t wanted)
{
	return diff->live[wanted] != DIFF_MISSING && diff->fates[diff->live[wanted]] == LIVE_KEPT;
}

/* After the last kept rule before it, or if there is none, before the first kept rule. */
static void find_places(struct chain_diff *diff)
{
	size_t n = diff->wanted->n, first = 0, place;

	diff->places = xcalloc(n, sizeof(*diff->places));
	while (first < n && !is_kept(diff, first))
		first++;
	place = first < n ? diff->live[first] : diff->chain ? diff->barrier : 0;
	for (size_t w = 0; w < n; w++) {
		diff->places[w] = place;
		if (is_kept(diff, w))
			place = diff->live[w] + 1;
	}
}

void chain_diff_make(struct chain_diff *diff, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, bool exclusive)
{
	struct entry *entries = index_wanted(wanted);

	*diff = (struct chain_diff){ .chain = chain, .wanted = wanted };
	diff->live = xcalloc(wanted->n, sizeof(*diff->live));
	for (size_t w = 0; w < wanted->n; w++)
		diff->live[w] = DIFF_MISSING;
	if (chain) {
		size_t *entry_of = xcalloc(chain->nrules, sizeof(*entry_of));

		diff->fates = xcalloc(chain->nrules, sizeof(*diff->fates));
		sort_out(diff, entries, entry_of, reach, exclusive);
		keep_longest(diff, entries, entry_of);
		pair_the_rest(diff, entries, entry_of);
		free(entry_of);
	}
	find_places(diff);
	free(entries);
}

void chain_diff_clear(struct chain_diff *diff)
{
	free(diff->fates);
	free(diff->live);
	free(diff->places);
	*diff = (struct chain_diff){ 0 };
}

bool chain_is_stale(const struct policy *policy, const struct chain *chain)
{
	if (!chain->loaded || chain->builtin || chain->foreign_base || !chain->nrules ||
	    docker_owns_chain(chain->name) || policy_chain(policy, chain->name))
		return false;
	for (size_t i = 0; i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]))
			return false;
	return true;
}
