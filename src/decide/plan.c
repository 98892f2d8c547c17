/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <stdlib.h>

#include "chain_diff.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"

#define FILTER "filter"

/* The rule as it goes in: marked, and with the counters of the one that it moves from. */
static void insert_wanted(struct edits *edits, enum family family, const char *chain,
			  size_t position, const struct chain_diff *diff, size_t wanted)
{
	struct rule *rule = rule_copy(diff->wanted->v[wanted].rule);

	rule_add_mark(rule);
	if (diff->live[wanted] != DIFF_MISSING) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is live is in a chain */
		const struct rule *live = diff->chain->rules[diff->live[wanted]];

		rule->packets = live->packets;
		rule->bytes = live->bytes;
	}
	edits_rule(edits, EDIT_INSERT, family, FILTER, chain, position, rule);
	rule_free(rule);
}

/*
 * One walk down the chain: what goes in front of a live rule is put in, then
 * that rule is passed or taken out, so positions rise, and inserts keep their order.
 */
static void plan_diff(const struct chain_diff *diff, enum family family, const char *name,
		      struct edits *edits)
{
	size_t live = diff->chain ? diff->chain->nrules : 0;
	size_t wanted = 0, position = 1;

	for (size_t i = 0; i <= live; i++) {
		for (; wanted < diff->wanted->n; wanted++) {
			size_t at = diff->live[wanted];

			if (at != DIFF_MISSING && diff->fates[at] == LIVE_KEPT) {
				if (at >= i)
					break;
				continue;
			}
			if (diff->places[wanted] > i)
				break;
			insert_wanted(edits, family, name, position++, diff, wanted);
		}
		if (i == live)
			break;
		if (diff->fates[i] == LIVE_KEPT || diff->fates[i] == LIVE_FOREIGN)
			position++;
		else
			edits_rule(edits, EDIT_DELETE, family, FILTER, name, position,
				   diff->chain->rules[i]);
	}
}

static void plan_chain(const struct policy *policy, const struct table *table, struct reach *reach,
		       const struct wanted_chain *wanted, enum family family, struct edits *edits)
{
	const struct chain *chain = table_chain(table, wanted->name);
	struct chain_diff diff;

	chain_diff_make(&diff, &wanted->rules[family], reach, chain,
		  chain_is_exclusive(policy, wanted->name));
	plan_diff(&diff, family, wanted->name, edits);
	chain_diff_clear(&diff);
}

/*
 * The bare jump goes in front of the first rule that may not stand before it,
 * and every other call of DOCKER-USER goes.
 */
static void plan_forward(const struct forward *forward, enum family family, struct edits *edits)
{
	size_t n = forward->chain ? forward->chain->nrules : 0;
	size_t position = 1;

	for (size_t i = 0; i <= n; i++) {
		const struct rule *rule = i < n ? forward->chain->rules[i] : NULL;

		if (!forward->right && i == forward->place) {
			struct rule *jump = rule_new(family);

			rule_set_chain(jump, VERDICT_JUMP, DOCKER_USER);
			if (forward->jump != NOWHERE) {
				/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a jump is in a chain */
				jump->packets = forward->chain->rules[forward->jump]->packets;
				jump->bytes = forward->chain->rules[forward->jump]->bytes;
			}
			edits_rule(edits, EDIT_INSERT, family, FILTER, "FORWARD", position++, jump);
			rule_free(jump);
		}
		if (!rule)
			break;
		if (!forward_is_call(rule) || (forward->right && i == forward->jump))
			position++;
		else
			edits_rule(edits, EDIT_DELETE, family, FILTER, "FORWARD", position, rule);
	}
}

/* Whether a rule that calls a chain outside of the configuration is taken out. */
static bool goes(const struct policy *policy, const struct chain *chain, const struct rule *rule)
{
	return policy_chain(policy, chain->name) &&
	       (rule_is_marked(rule) || chain_is_exclusive(policy, chain->name));
}

/* How often each chain is called, by its place in the table. */
struct calls {
	size_t *stay; /* owned; by rules that stay */
	bool *go;     /* owned; by one that this plan takes out */
};

/* The chain that a rule leads to, or nchains. */
static size_t called(const struct table *table, const struct rule *rule)
{
	return rule_calls(rule) ? table_index(table, rule->chain) : table->nchains;
}

/* Returns false where a chain was not read: what it calls cannot be known. */
static bool count_calls(struct calls *calls, const struct policy *policy,
			const struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		if (!chain->loaded)
			return false;
		for (size_t i = 0; i < chain->nrules; i++) {
			size_t to = called(table, chain->rules[i]);

			if (to == table->nchains)
				continue;
			if (goes(policy, chain, chain->rules[i]))
				calls->go[to] = true;
			else
				calls->stay[to]++;
		}
	}
	return true;
}

static void drop_chain(const struct table *table, const struct chain *chain, struct calls *calls,
		       struct edits *edits)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		size_t to = called(table, chain->rules[i]);

		edits_rule(edits, EDIT_DELETE, table->family, FILTER, chain->name, 1,
			   chain->rules[i]);
		if (to == table->nchains)
			continue;
		calls->stay[to]--;
		calls->go[to] = true;
	}
	edits_chain(edits, EDIT_DROP, table->family, FILTER, chain->name);
}

/*
 * The marked rules of held chains that lead to a chain which left the
 * configuration are taken out with the rest; then the chain itself goes.
 */
static void plan_stale_chains(const struct policy *policy, const struct table *table,
			      struct edits *edits)
{
	struct calls calls = {
		.stay = xcalloc(table->nchains, sizeof(*calls.stay)),
		.go = xcalloc(table->nchains, sizeof(*calls.go)),
	};
	bool *dropped = xcalloc(table->nchains, sizeof(*dropped));
	bool again = count_calls(&calls, policy, table);

	/* One that is called by another stale one goes once that one has. */
	while (again) {
		again = false;
		for (size_t c = 0; c < table->nchains; c++) {
			if (dropped[c] || calls.stay[c] || !calls.go[c] ||
			    !chain_is_stale(policy, table->chains[c]))
				continue;
			drop_chain(table, table->chains[c], &calls, edits);
			dropped[c] = again = true;
		}
	}
	free(calls.stay);
	free(calls.go);
	free(dropped);
}

static void plan_family(const struct policy *policy, const struct snapshot *snapshot,
			enum family family, struct edits *edits)
{
	const struct table *table = snapshot_table(snapshot, family, FILTER);
	struct reach *reach = reach_new(table, policy);
	struct forward forward;

	for (size_t i = 0; i < policy->nchains; i++)
		if (!table_chain(table, policy->chains[i]->name) &&
		    policy_needs_chain(policy, policy->chains[i], family))
			edits_chain(edits, EDIT_CREATE, family, FILTER, policy->chains[i]->name);
	/* DOCKER-USER is the first of them, and is filled behind those that it calls. */
	for (size_t i = policy->nchains; i-- > 0;)
		plan_chain(policy, table, reach, policy->chains[i], family, edits);

	forward_look(&forward, policy, reach, table);
	if (!forward.chain)
		edits_chain(edits, EDIT_CREATE, family, FILTER, "FORWARD");
	plan_forward(&forward, family, edits);
	if (table)
		plan_stale_chains(policy, table, edits);
	reach_free(reach);
}

void plan(const struct policy *policy, const struct snapshot *snapshot, struct edits *edits)
{
	unsigned int families = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (families & (1U << family))
			plan_family(policy, snapshot, (enum family)family, edits);
}
