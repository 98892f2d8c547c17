/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <stdlib.h>

#include "chain_diff.h"
#include "chain_uses.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"
#include "plan_chain.h"

#define FILTER "filter"

static void plan_chain(const struct policy *policy, const struct table *table, struct reach *reach,
		       const struct wanted_chain *wanted, enum family family, struct edits *edits)
{
	const struct chain *chain = table_chain(table, wanted->name);
	struct chain_diff diff;

	if (chain_is_left(policy, chain))
		return;
	chain_diff_make(&diff, &wanted->rules[family], reach, chain,
		  chain_holding(policy, wanted->name));
	plan_chain_diff(&diff, family, FILTER, wanted->name, edits);
	chain_diff_clear(&diff);
}

/*
 * Inserts the bare jump before the first rule that must not precede it, or after the bans that
 * it would pass there, and deletes every other jump to DOCKER-USER in FORWARD itself.
 */
static void plan_forward(const struct forward *forward, enum family family, struct edits *edits)
{
	size_t n = forward->chain ? forward->chain->nrules : 0;
	bool keep = forward->right || forward->stays;
	size_t position = 1;

	for (size_t i = 0; i <= n; i++) {
		const struct rule *rule = i < n ? forward->chain->rules[i] : NULL;

		if (!keep && i == forward->insert) {
			struct rule *jump = rule_new(family);

			rule_set_chain(jump, VERDICT_JUMP, DOCKER_USER);
			if (forward->bare != NOWHERE) {
				/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a jump is in a chain */
				jump->packets = forward->chain->rules[forward->bare]->packets;
				jump->bytes = forward->chain->rules[forward->bare]->bytes;
			}
			edits_rule(edits, EDIT_INSERT, family, FILTER, "FORWARD", position++, jump);
			rule_free(jump);
		}
		if (!rule)
			break;
		if (!forward_is_jump(rule) || i == forward->kept)
			position++;
		else
			edits_rule(edits, EDIT_DELETE, family, FILTER, "FORWARD", position, rule);
	}
}

/* Whether the plan deletes a rule that leads to a chain outside the configuration. */
static bool goes(const struct policy *policy, const struct chain *chain, const struct rule *rule)
{
	return !chain->foreign_base && chain_is_held(policy, chain->name, rule->family) &&
	       (rule_is_marked(rule) || chain_evicts(policy, chain->name, rule));
}

/* The jumps and gotos to each chain, by its index in the table. */
struct calls {
	size_t *stay; /* owned; the number of those that stay, elements of verdict maps as well */
	bool *go;     /* owned; whether this plan deletes one */
};

/* The chain that a rule leads to, or nchains. */
static size_t called(const struct table *table, const struct rule *rule)
{
	return rule_jumps(rule) ? table_index(table, rule->chain) : table->nchains;
}

/* Returns false if a chain was not read: its jumps are not known. */
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
 * The marked rules of configured chains that lead to a chain which is no longer
 * configured are deleted with the other stale rules; then the chain itself goes.
 */
static void plan_stale_chains(const struct policy *policy, const struct table *table,
			      struct edits *edits)
{
	struct calls calls = {
		.stay = chain_uses_by_maps(table),
		.go = xcalloc(table->nchains, sizeof(*calls.go)),
	};
	bool *dropped = xcalloc(table->nchains, sizeof(*dropped));
	bool again = count_calls(&calls, policy, table);

	/* A chain that another stale chain jumps to goes after that one. */
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
	const struct chain *user = table_chain(table, DOCKER_USER);
	struct reach *reach = reach_new(table, policy);
	struct forward forward;

	for (size_t i = 0; i < policy->nchains; i++)
		if (!table_chain(table, policy->chains[i]->name) &&
		    policy_needs_chain(policy, policy->chains[i], family))
			edits_chain(edits, EDIT_CREATE, family, FILTER, policy->chains[i]->name);
	/* DOCKER-USER is the first of them, and is filled after those that it jumps to. */
	for (size_t i = policy->nchains; i-- > 0;)
		if (chain_is_held(policy, policy->chains[i]->name, family))
			plan_chain(policy, table, reach, policy->chains[i], family, edits);

	forward_look(&forward, policy, reach, table);
	if (!forward.chain)
		edits_chain(edits, EDIT_CREATE, family, FILTER, "FORWARD");
	/* The kernel takes no jump to a base chain. */
	if (!user || !user->foreign_base)
		plan_forward(&forward, family, edits);
	if (table && !policy->keep_rules)
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
