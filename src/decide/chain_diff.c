/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_diff.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "meet.h"
#include "pure_match.h"
#include "sorted.h"
#include "util.h"

enum holding chain_holding(const struct policy *policy, const char *chain)
{
	if (policy->foreign_rules == FOREIGN_REMOVE_ALL)
		return HOLD_ALONE;
	return policy->foreign_rules == FOREIGN_KEEP && !strcmp(chain, DOCKER_USER) ?
		       HOLD_AMONG_OTHERS : HOLD_BUT_OPAQUE;
}

static bool evicts(enum holding holding, const struct rule *rule)
{
	return holding == HOLD_ALONE || (holding == HOLD_BUT_OPAQUE && !rule->opaque);
}

bool chain_evicts(const struct policy *policy, const char *chain, const struct rule *rule)
{
	return evicts(chain_holding(policy, chain), rule);
}

bool chain_is_held(const struct policy *policy, const char *chain, enum family family)
{
	const struct wanted_chain *wanted = policy_chain_in(policy, chain, family);

	return wanted && wanted->filled_by == FILLED_BY_DOCKFW;
}

#define FEW 64 /* rules */

/* The wanted rules by hash, to look up the equals of a live rule quickly. */
struct entry {
	uint32_t hash;
	size_t wanted;
};

/* By hash. Those of equal hash stay in their order. */
static void sort_few(struct entry *entries, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct entry entry = entries[i];
		size_t at = i;

		for (; at && entries[at - 1].hash > entry.hash; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

/* The same, a byte of the hash at a time: for thousands of rules much faster than comparing them. */
static void sort_many(struct entry *entries, size_t n)
{
	struct entry *other = xcalloc(n, sizeof(*other)), *from = entries, *to = other, *sorted;

	/* An even number of passes: the last one is from other to entries. */
	for (unsigned int shift = 0; shift < 32; shift += 8) {
		size_t places[257] = { 0 };

		for (size_t i = 0; i < n; i++)
			places[(from[i].hash >> shift & 255) + 1]++;
		for (size_t byte = 1; byte < 256; byte++)
			places[byte] += places[byte - 1];
		for (size_t i = 0; i < n; i++)
			to[places[from[i].hash >> shift & 255]++] = from[i];
		sorted = to;
		to = from;
		from = sorted;
	}
	free(other);
}

static struct entry *index_wanted(const struct wanted_rules *wanted)
{
	struct entry *entries = xcalloc(wanted->n, sizeof(*entries));

	for (size_t i = 0; i < wanted->n; i++)
		entries[i] = (struct entry){ rule_hash(wanted->v[i].rule), i };
	if (wanted->n <= FEW)
		sort_few(entries, wanted->n);
	else
		sort_many(entries, wanted->n);
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
		     enum holding holding)
{
	const struct chain *chain = diff->chain;

	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		entry_of[i] = DIFF_MISSING;
		if (find_wanted(diff, entries, rule, &entry_of[i]))
			diff->fates[i] = LIVE_MOVED;
		else if (rule_is_marked(rule))
			diff->fates[i] = LIVE_STALE;
		else if (evicts(holding, rule) && !docker_is_closing(chain, i))
			diff->fates[i] = LIVE_EVICTED;
		else
			diff->fates[i] = LIVE_FOREIGN;
	}
}

/*
 * Whether that entry is equal to the live rule as well. Its first equal entry is known to be, and
 * mostly is the one in question.
 */
static bool entry_is(const struct chain_diff *diff, const struct entry *entries, size_t e,
		     const size_t *entry_of, size_t live)
{
	return e == entry_of[live] || rule_equal_but_mark(diff->chain->rules[live],
							  diff->wanted->v[entries[e].wanted].rule);
}

/* Sets spare: for each entry that entry_of names, how many live rules too many are equal to it. */
static void count_spare(const struct chain_diff *diff, const struct entry *entries,
			const size_t *entry_of, size_t *spare)
{
	const struct chain *chain = diff->chain;
	size_t n = diff->wanted->n;
	bool *counted = xcalloc(n, sizeof(*counted));

	for (size_t i = chain->nrules; i-- > 0;)
		if (entry_of[i] != DIFF_MISSING)
			spare[entry_of[i]]++;
	for (size_t i = 0; i < chain->nrules; i++) {
		size_t e = entry_of[i];

		if (e == DIFF_MISSING || counted[e])
			continue;
		counted[e] = true;
		for (size_t k = e; spare[e] && k < n && entries[k].hash == entries[e].hash; k++)
			spare[e] -= entry_is(diff, entries, k, entry_of, i);
	}
	free(counted);
}

/*
 * A rule without the mark that only refuses, although all that are configured like it are there
 * besides: it is somebody's ban, and not ours to delete. Without it, a rule after it that lets
 * packets pass could let in whom it refuses.
 */
static void leave_bans(struct chain_diff *diff, const struct entry *entries, size_t *entry_of,
		       struct reach *reach)
{
	const struct chain *chain = diff->chain;
	size_t *spare = xcalloc(diff->wanted->n, sizeof(*spare));

	count_spare(diff, entries, entry_of, spare);
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		size_t e = entry_of[i];

		if (e == DIFF_MISSING || !spare[e] || rule_is_marked(rule) ||
		    !reach_refuses(reach, rule) || reach_passes(reach, rule))
			continue;
		diff->fates[i] = LIVE_FOREIGN;
		entry_of[i] = DIFF_MISSING;
		spare[e]--;
	}
	free(spare);
}

/* Where the wanted rules may be: it matters which of them already precede foreign rules. */
static void find_bounds(struct chain_diff *diff, const struct entry *entries,
			const size_t *entry_of, struct reach *reach)
{
	size_t live = diff->chain ? diff->chain->nrules : 0, n = diff->wanted->n;
	bool *is_foreign = xcalloc(live, sizeof(*is_foreign));
	struct bounds_live *first = xcalloc(n, sizeof(*first));

	for (size_t w = 0; w < n; w++)
		first[w].first = BOUNDS_MISSING;
	for (size_t i = 0; i < live; i++) {
		size_t e = entry_of[i];

		is_foreign[i] = diff->fates[i] == LIVE_FOREIGN;
		/* The first live rule finds all its equals; the next ones need not look. */
		if (e == DIFF_MISSING || first[entries[e].wanted].first != BOUNDS_MISSING)
			continue;
		for (size_t k = e; k < n && entries[k].hash == entries[e].hash; k++)
			if (entry_is(diff, entries, k, entry_of, i))
				first[entries[k].wanted] = (struct bounds_live){ i, k > e };
	}
	chain_bounds_make(&diff->bounds, diff->wanted, first, diff->chain, is_foreign, reach);
	free(is_foreign);
	free(first);
}

/* Whether the wanted rule may stay where the live one is. */
static bool may_stay(const struct chain_diff *diff, size_t live, size_t wanted)
{
	const struct chain_bounds *bounds = &diff->bounds;

	return !bounds->stuck[wanted] && bounds->before[live] >= bounds->from[wanted] &&
	       bounds->before[live] <= bounds->to[wanted];
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

	for (size_t i = 0; i < diff->chain->nrules; i++) {
		size_t first = entry_of[i], last;

		if (first == DIFF_MISSING)
			continue;
		for (last = first; last < diff->wanted->n &&
				   entries[last].hash == entries[first].hash; last++)
			;
		for (size_t e = last; e-- > first;)
			if (entry_is(diff, entries, e, entry_of, i) && may_stay(diff, i, entries[e].wanted))
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
		size_t e = entry_of[i];

		if (diff->fates[i] != LIVE_MOVED)
			continue;
		/* Docker's RETURN may equal a configured one that is already there. */
		diff->fates[i] = docker_is_closing(diff->chain, i) && i + 1 == diff->chain->nrules
					 ? LIVE_FOREIGN : LIVE_COPY;
		for (uint32_t hash = entries[e].hash;
		     e < diff->wanted->n && entries[e].hash == hash; e++) {
			size_t wanted = entries[e].wanted;

			if (taken[wanted] || !entry_is(diff, entries, e, entry_of, i))
				continue;
			taken[wanted] = true;
			diff->live[wanted] = i;
			/* One that cannot be put in again stays, unless it lets packets pass. */
			if (diff->bounds.stuck[wanted] ||
			    (diff->wanted->v[wanted].refused && rule_refuses(diff->chain->rules[i])))
				diff->fates[i] = LIVE_FOREIGN;
			else
				diff->fates[i] = diff->wanted->v[wanted].refused ? LIVE_STALE : LIVE_MOVED;
			break;
		}
	}
	free(taken);
}

bool chain_diff_is_kept(const struct chain_diff *diff, size_t wanted)
{
	return diff->live[wanted] != DIFF_MISSING && diff->fates[diff->live[wanted]] == LIVE_KEPT;
}

bool chain_diff_left_out(const struct chain_diff *diff, size_t wanted)
{
	return (diff->wanted->v[wanted].refused || diff->bounds.stuck[wanted]) &&
	       !chain_diff_is_kept(diff, wanted);
}

/* Before the first kept rule, or the end of the chain, unless it may not be as late as that. */
static size_t place_before(const struct chain_diff *diff, size_t first, size_t wanted)
{
	const struct chain_bounds *bounds = &diff->bounds;
	bool kept = first < diff->wanted->n;
	size_t last = kept ? bounds->before[diff->live[first]] : bounds->nforeign;

	if (bounds->to[wanted] < last)
		return bounds->foreign[bounds->to[wanted]];
	return kept ? diff->live[first] : diff->chain ? diff->chain->nrules : 0;
}

/* After the last kept rule before it, or the last foreign rule that it must come after. */
static void find_places(struct chain_diff *diff)
{
	const struct chain_bounds *bounds = &diff->bounds;
	size_t n = diff->wanted->n, first = 0, place, gap = 0;

	diff->places = xcalloc(n, sizeof(*diff->places));
	while (first < n && !chain_diff_is_kept(diff, first))
		first++;
	for (size_t w = 0; w < first; w++)
		diff->places[w] = place_before(diff, first, w);
	place = first < n ? diff->live[first] : 0;
	for (size_t w = first; w < n; w++) {
		if (!chain_diff_is_kept(diff, w)) {
			if (bounds->from[w] > gap) {
				gap = bounds->from[w];
				place = bounds->foreign[gap - 1] + 1;
			}
			diff->places[w] = place;
			continue;
		}
		diff->places[w] = place;
		gap = bounds->before[diff->live[w]];
		place = diff->live[w] + 1;
	}
}

/*
 * Docker's RETURN stays as the end of the chain only: with a rule after it, it is one too many
 * of a configured RETURN.
 */
static void drop_closing(struct chain_diff *diff, const size_t *entry_of)
{
	size_t last = diff->chain->nrules ? diff->chain->nrules - 1 : 0;
	bool followed = false;

	if (!diff->chain->nrules || !docker_is_closing(diff->chain, last) ||
	    entry_of[last] == DIFF_MISSING || diff->fates[last] != LIVE_FOREIGN)
		return;
	for (size_t w = 0; w < diff->wanted->n; w++)
		followed |= diff->places[w] == diff->chain->nrules && !chain_diff_is_kept(diff, w) &&
			    !chain_diff_left_out(diff, w);
	if (followed)
		diff->fates[last] = LIVE_COPY;
}

void chain_diff_make(struct chain_diff *diff, const struct wanted_rules *wanted, struct reach *reach,
	       const struct chain *chain, enum holding holding)
{
	struct entry *entries = index_wanted(wanted);
	size_t *entry_of = xcalloc(chain ? chain->nrules : 0, sizeof(*entry_of));

	*diff = (struct chain_diff){ .chain = chain, .wanted = wanted };
	diff->live = xcalloc(wanted->n, sizeof(*diff->live));
	for (size_t w = 0; w < wanted->n; w++)
		diff->live[w] = DIFF_MISSING;
	if (chain) {
		diff->fates = xcalloc(chain->nrules, sizeof(*diff->fates));
		sort_out(diff, entries, entry_of, holding);
		if (holding == HOLD_AMONG_OTHERS)
			leave_bans(diff, entries, entry_of, reach);
	}
	find_bounds(diff, entries, entry_of, reach);
	if (chain) {
		keep_longest(diff, entries, entry_of);
		pair_the_rest(diff, entries, entry_of);
	}
	find_places(diff);
	if (chain)
		drop_closing(diff, entry_of);
	free(entry_of);
	free(entries);
}

void chain_diff_clear(struct chain_diff *diff)
{
	free(diff->fates);
	free(diff->live);
	free(diff->places);
	chain_bounds_clear(&diff->bounds);
	*diff = (struct chain_diff){ 0 };
}

bool chain_is_stale(const struct policy *policy, const struct chain *chain)
{
	if (!chain->loaded || chain->builtin || chain->foreign_base || !chain->nrules ||
	    docker_owns_chain(chain->name) ||
	    policy_chain_in(policy, chain->name, chain->rules[0]->family))
		return false;
	for (size_t i = 0; i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]))
			return false;
	return true;
}

bool chain_is_kept(const struct policy *policy, const struct chain *chain)
{
	for (size_t i = 0; policy->keep_rules && chain && i < chain->nrules; i++)
		if (rule_is_marked(chain->rules[i]))
			return true;
	return false;
}

bool chain_is_left(const struct policy *policy, const struct chain *chain)
{
	return (chain && chain->foreign_base) || chain_is_kept(policy, chain);
}

/* Whether it lets the same packets pass whenever it is evaluated. */
static bool lets_for_certain(const struct rule *rule)
{
	const struct written none = { 0 };

	if (rule->verdict != VERDICT_ACCEPT && rule->verdict != VERDICT_RETURN)
		return false;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!match_is_pure(&rule->matches[i], &none) || match_may_be_written(&rule->matches[i]))
			return false;
	return true;
}

bool chain_diff_lets_before(const struct chain_diff *diff, size_t wanted, const struct rule *foreign)
{
	for (size_t w = 0; w < wanted; w++) {
		const struct rule *rule = diff->wanted->v[w].rule;

		if (lets_for_certain(rule) && !chain_diff_left_out(diff, w) &&
		    rules_imply(foreign, diff->wanted->v[wanted].rule, rule))
			return true;
	}
	return false;
}
