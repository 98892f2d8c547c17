/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_removal.h"

#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "chain_uses.h"
#include "docker_chains.h"
#include "forward.h"

#define FILTER "filter"

static bool holds_only_marked(const struct chain *chain)
{
	for (size_t i = 0; i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]))
			return false;
	return chain->loaded;
}

/*
 * For each chain of the table, how many rules without the mark, or elements of verdict maps,
 * lead to it. The caller frees it.
 */
static size_t *count_leads(const struct table *table)
{
	size_t *leads = chain_uses_by_maps(table);

	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];
			size_t to = rule_jumps(rule) ? table_index(table, rule->chain)
						     : table->nchains;

			if (to < table->nchains && !rule_is_marked(rule))
				leads[to]++;
		}
	}
	return leads;
}

/* The jump as a repair, and as dockerd, puts it in. */
static bool is_bare_jump(const struct rule *rule)
{
	return forward_is_jump(rule) && !rule->nmatches && rule_unconditional(rule);
}

/* Whether DOCKER-USER and the jump to it go: Docker has no chains, and no one else uses it. */
static bool user_goes(const struct table *table, const size_t *leads)
{
	const struct chain *user = table_chain(table, DOCKER_USER);
	const struct chain *forward = table_chain(table, "FORWARD");
	size_t jumps = 0;

	if (!user || user->foreign_base || docker_owns_any(table) || !holds_only_marked(user))
		return false;
	for (size_t i = 0; forward && i < forward->nrules; i++)
		jumps += is_bare_jump(forward->rules[i]);
	return leads[table_index(table, DOCKER_USER)] == jumps;
}

/* Whether the configuration is not about the family, so that only the mark shows whose it is. */
static bool is_left_out(const struct policy *policy, enum family family)
{
	return policy->listed && !(policy->listed & 1U << family);
}

static bool has_marked(const struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (rule_is_marked(table->chains[c]->rules[i]))
				return true;
	return false;
}

static bool chain_goes(const struct policy *policy, enum family family, const struct chain *chain,
		       size_t leads)
{
	const struct wanted_chain *wanted = policy_chain(policy, chain->name);

	if (chain->builtin || chain->foreign_base || leads || !holds_only_marked(chain))
		return false;
	/* One without a marked rule is known only by the configuration. */
	if (is_left_out(policy, family) && !chain->nrules)
		return false;
	return wanted ? wanted->filled_by == FILLED_BY_DOCKFW : chain_is_stale(policy, chain);
}

static void delete_rules(const struct table *table, const struct chain *chain, bool jumps,
			 struct edits *edits)
{
	size_t position = 1;

	jumps &= !strcmp(chain->name, "FORWARD");
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		if (rule_is_marked(rule) || (jumps && is_bare_jump(rule)))
			edits_rule(edits, EDIT_DELETE, table->family, FILTER, chain->name,
				   position, rule);
		else
			position++;
	}
}

static void plan_table(const struct policy *policy, const struct table *table,
		       struct edits *edits)
{
	size_t *leads = count_leads(table);
	bool user = user_goes(table, leads);

	for (size_t c = 0; c < table->nchains; c++)
		delete_rules(table, table->chains[c], user, edits);
	/* None of a dormant table's base chains is known as one. */
	for (size_t c = 0; c < table->nchains && !table->dormant; c++) {
		const struct chain *chain = table->chains[c];

		if (strcmp(chain->name, DOCKER_USER) ? chain_goes(policy, table->family, chain, leads[c])
						     : user)
			edits_chain(edits, EDIT_DROP, table->family, FILTER, chain->name);
	}
	free(leads);
}

void plan_removal(const struct policy *policy, const struct snapshot *snapshot,
		  struct edits *edits)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, FILTER);

		if (table && policy->families & (1U << family) &&
		    (!is_left_out(policy, (enum family)family) || has_marked(table)))
			plan_table(policy, table, edits);
	}
}

static void add_kept(const struct table *table, const struct wanted_chain *wanted,
		     struct reach *reach, struct rule_places *kept)
{
	const struct chain *chain = table_chain(table, wanted->name);
	struct chain_diff diff;

	if (!chain)
		return;
	/* Whose rule it is that equals a configured one does not matter: it goes on filtering. */
	chain_diff_make(&diff, &wanted->rules[table->family], reach, chain, HOLD_BUT_OPAQUE);
	for (size_t i = 0; i < chain->nrules; i++)
		/* A configured RETURN may be Docker's. */
		if (!rule_is_marked(chain->rules[i]) && diff.fates[i] != LIVE_FOREIGN &&
		    diff.fates[i] != LIVE_EVICTED && !docker_is_closing(chain, i))
			rule_places_add(kept, table, chain, chain->rules[i]);
	chain_diff_clear(&diff);
}

void removal_kept(const struct policy *policy, const struct snapshot *snapshot,
		  struct rule_places *kept)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, FILTER);
		struct reach *reach;

		if (!table || !(policy->families & (1U << family)))
			continue;
		reach = reach_new(table, policy);
		for (size_t i = 0; i < policy->nchains; i++)
			add_kept(table, policy->chains[i], reach, kept);
		reach_free(reach);
	}
}
