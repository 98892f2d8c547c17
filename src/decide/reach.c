/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "util.h"
#include "xt_match.h"
#include "xt_target.h"

/* The answer to one question about one chain, as far as it is known. */
enum known { UNASKED, ASKING, NO, YES };

struct reach_node {
	enum known accepts, accepts_new, docker;
	enum known left_accepts, left_refuses; /* after a repair */
	enum known settled;
	bool looked; /* visited by reach_unloaded() */
};

struct reach {
	const struct table *table;
	const struct policy *policy;
	struct reach_node *nodes; /* parallel to table->chains */
};

struct reach *reach_new(const struct table *table, const struct policy *policy)
{
	struct reach *reach = xcalloc(1, sizeof(*reach));

	reach->table = table;
	reach->policy = policy;
	reach->nodes = xcalloc(table ? table->nchains : 0, sizeof(*reach->nodes));
	return reach;
}

void reach_free(struct reach *reach)
{
	if (!reach)
		return;
	free(reach->nodes);
	free(reach);
}

const struct table *reach_table(const struct reach *reach)
{
	return reach->table;
}

static struct reach_node *node_of(struct reach *reach, const char *name, struct chain **chain)
{
	size_t at = reach->table ? table_index(reach->table, name) : 0;

	*chain = NULL;
	if (!reach->table || at == reach->table->nchains)
		return NULL;
	*chain = reach->table->chains[at];
	return &reach->nodes[at];
}

bool rule_ends_chain(const struct rule *rule)
{
	if (!rule_unconditional(rule))
		return false;
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
	case VERDICT_DROP:
	case VERDICT_RETURN:
	case VERDICT_QUEUE:
	case VERDICT_GOTO:
		return true;
	case VERDICT_EXT:
		return !strcmp(rule->target.name, "REJECT");
	default:
		return false;
	}
}

/*
 * Whether a state mask never matches a packet that starts a connection. SNAT and DNAT
 * are also states, which a first packet can have.
 */
static bool states_exclude_new(unsigned int mask, bool invert)
{
	const unsigned int invalid = XT_CONNTRACK_STATE_INVALID;
	const unsigned int fresh = XT_CONNTRACK_STATE_BIT(IP_CT_NEW);
	const unsigned int untracked = XT_CONNTRACK_STATE_UNTRACKED;
	const unsigned int old = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
				 XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);

	if (invert)
		return (mask & (invalid | fresh | untracked)) == (invalid | fresh | untracked);
	return !(mask & ~old);
}

static bool match_excludes_new(const struct ext *match)
{
	unsigned int states;
	bool not;

	return xt_match_states(match, &states, &not) && states_exclude_new(states, not);
}

bool rule_excludes_new(const struct rule *rule)
{
	/* The matches of an opaque rule may have been read in part. */
	for (size_t i = 0; i < rule->nmatches && !rule->opaque; i++)
		if (match_excludes_new(&rule->matches[i]))
			return true;
	return false;
}

static const struct wanted_chain *held_as(const struct reach *reach, const char *name)
{
	if (!reach->policy || !reach->table)
		return reach->policy ? policy_chain(reach->policy, name) : NULL;
	return policy_chain_in(reach->policy, name, reach->table->family);
}

/* What others put into their chain does not count, even if it has been read. */
static bool filled_by_others(const struct wanted_chain *held)
{
	return held && held->filled_by == FILLED_BY_OTHERS;
}

static bool wanted_accept(struct reach *reach, const struct wanted_chain *held,
			  const struct chain *chain, bool new_only)
{
	const struct wanted_rules *wanted = held ? &held->rules[reach->table->family] : NULL;

	for (size_t i = 0; wanted && i < wanted->n; i++)
		if (reach_accepts(reach, chain, wanted->v[i].rule, new_only))
			return true;
	return false;
}

/* Whether a rule of a loaded chain, or one that it should have, can accept. */
static bool rules_accept(struct reach *reach, const struct wanted_chain *held,
			 const struct chain *chain, bool new_only)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		if (reach_accepts(reach, chain, chain->rules[i], new_only))
			return true;
		/* In a configured chain a repair may delete the rule that ends it. */
		if (!held && rule_ends_chain(chain->rules[i]))
			break;
	}
	return wanted_accept(reach, held, chain, new_only);
}

bool reach_breaks_promise(struct reach *reach, const struct chain *chain, const struct rule *rule)
{
	return !rule_is_unknown(rule) && reach_accepts(reach, chain, rule, false);
}

static bool chain_accepts(struct reach *reach, const char *name, bool new_only)
{
	struct chain *chain;
	struct reach_node *node = node_of(reach, name, &chain);
	enum known *answer = !node ? NULL : new_only ? &node->accepts_new : &node->accepts;
	const struct wanted_chain *held;
	bool accepts = true;

	/* Asking again while ASKING means a loop, which adds nothing. */
	if (answer && *answer != UNASKED)
		return *answer == YES;
	held = held_as(reach, name);
	if (answer)
		*answer = ASKING;
	if (filled_by_others(held))
		accepts = held->verdicts == VERDICTS_ANY;
	else if (node && chain->loaded)
		accepts = rules_accept(reach, held, chain, new_only);
	if (answer)
		*answer = accepts ? YES : NO;
	return accepts;
}

bool reach_accepts(struct reach *reach, const struct chain *chain, const struct rule *rule,
		   bool new_only)
{
	/* A return from a base chain applies its policy. */
	bool leaving = chain->builtin && chain->policy != VERDICT_DROP;

	if (rule_is_unknown(rule))
		return true;
	if (new_only && rule_excludes_new(rule))
		return false;
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
	case VERDICT_QUEUE:
		return true;
	case VERDICT_RETURN:
		return leaving;
	case VERDICT_JUMP:
		return chain_accepts(reach, rule->chain, new_only);
	case VERDICT_GOTO:
		return leaving || chain_accepts(reach, rule->chain, new_only);
	case VERDICT_EXT:
		return !xt_target_never_accepts(&rule->target);
	default:
		return false;
	}
}

bool reach_bypasses(struct reach *reach, const struct chain *chain, const struct rule *rule)
{
	if (rule_is_unknown(rule))
		return true;
	if (rule_excludes_new(rule))
		return false;
	if (rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO)
		return true;
	return reach_accepts(reach, chain, rule, true);
}

/* ---- what a repair leaves ---- */

static bool chain_left(struct reach *reach, const char *name, bool refuses);

/* Whether the rule refuses, or accepts, in a chain that others lead to. */
static bool left_can(struct reach *reach, const struct rule *rule, bool refuses)
{
	if (rule_is_unknown(rule))
		return true;
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
		return !refuses;
	case VERDICT_DROP:
		return refuses;
	case VERDICT_QUEUE:
		return true;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return chain_left(reach, rule->chain, refuses);
	case VERDICT_EXT:
		if (!strcmp(rule->target.name, "REJECT"))
			return refuses;
		return !xt_target_never_accepts(&rule->target);
	default:
		return false;
	}
}

/* Of a configured chain: its configured rules, and those of others that stay in it. */
static bool held_can(struct reach *reach, const struct wanted_chain *held,
		     const struct chain *chain, bool refuses)
{
	const struct wanted_rules *wanted = &held->rules[reach->table->family];
	bool among;

	for (size_t i = 0; i < wanted->n; i++)
		if (left_can(reach, wanted->v[i].rule, refuses))
			return true;
	if (!chain || reach->policy->foreign_rules == FOREIGN_REMOVE_ALL)
		return false;
	among = reach->policy->foreign_rules == FOREIGN_KEEP && !strcmp(held->name, DOCKER_USER);
	for (size_t i = 0; i < chain->nrules; i++)
		if ((chain->rules[i]->opaque || (among && !rule_is_marked(chain->rules[i]))) &&
		    left_can(reach, chain->rules[i], refuses))
			return true;
	return false;
}

static bool others_can(struct reach *reach, const struct chain *chain, bool refuses)
{
	for (size_t i = 0; i < chain->nrules; i++)
		if (left_can(reach, chain->rules[i], refuses))
			return true;
	/* One without an accepting rule is filled with refusing ones, now or later. */
	return refuses && !chain_left(reach, chain->name, false);
}

static bool chain_left(struct reach *reach, const char *name, bool refuses)
{
	struct chain *chain;
	struct reach_node *node = node_of(reach, name, &chain);
	const struct wanted_chain *held = held_as(reach, name);
	enum known *answer;
	bool can;

	if (filled_by_others(held))
		return refuses || held->verdicts == VERDICTS_ANY;
	if (!reach->table || (!held && (!node || !chain->loaded)))
		return true;
	if (!node)
		return held_can(reach, held, NULL, refuses);
	answer = refuses ? &node->left_refuses : &node->left_accepts;
	if (*answer != UNASKED)
		return *answer == YES;
	*answer = ASKING;
	can = held ? held_can(reach, held, chain, refuses) : others_can(reach, chain, refuses);
	*answer = can ? YES : NO;
	return can;
}

/* Whether the chain holds the configured rules and no other, but for opaque ones. */
static bool holds_exactly(struct reach *reach, const struct wanted_rules *wanted,
			  const struct chain *chain)
{
	size_t i = 0;

	for (size_t w = 0; w < wanted->n; w++) {
		if (wanted->v[w].refused)
			continue;
		while (i < chain->nrules && chain->rules[i]->opaque)
			i++;
		if (i == chain->nrules || !rule_equal_but_mark(chain->rules[i++], wanted->v[w].rule) ||
		    !reach_is_settled(reach, wanted->v[w].rule))
			return false;
	}
	while (i < chain->nrules && chain->rules[i]->opaque)
		i++;
	return i == chain->nrules;
}

bool reach_is_settled(struct reach *reach, const struct rule *rule)
{
	const struct wanted_chain *held = rule_jumps(rule) ? held_as(reach, rule->chain) : NULL;
	struct reach_node *node;
	struct chain *chain;

	if (!held || filled_by_others(held))
		return true;
	node = node_of(reach, rule->chain, &chain);
	if (!node)
		return false;
	if (node->settled == UNASKED) {
		const struct wanted_rules *wanted = &held->rules[reach->table->family];

		node->settled = ASKING;
		node->settled = holds_exactly(reach, wanted, chain) ? YES : NO;
	}
	return node->settled == YES;
}

bool reach_passes(struct reach *reach, const struct rule *rule)
{
	return rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO ||
	       left_can(reach, rule, false);
}

bool reach_refuses(struct reach *reach, const struct rule *rule)
{
	return left_can(reach, rule, true);
}

bool reach_is_docker(struct reach *reach, const char *name)
{
	struct chain *chain;
	struct reach_node *node = node_of(reach, name, &chain);

	if (docker_owns_chain(name))
		return true;
	if (!node || !strcmp(name, DOCKER_USER))
		return false;
	if (node->docker == UNASKED) {
		size_t n = filled_by_others(held_as(reach, name)) ? 0 : chain->nrules;
		enum known result = NO;

		node->docker = ASKING;
		for (size_t i = 0; i < n && result == NO; i++)
			if (rule_jumps(chain->rules[i]) &&
			    reach_is_docker(reach, chain->rules[i]->chain))
				result = YES;
		node->docker = result;
	}
	return node->docker == YES;
}

struct chain *reach_unloaded(struct reach *reach, const struct rule *rule)
{
	struct chain *chain, *missing = NULL;
	struct reach_node *node;
	bool others;

	if (!rule_jumps(rule))
		return NULL;
	node = node_of(reach, rule->chain, &chain);
	if (!node || node->looked)
		return NULL;
	others = filled_by_others(held_as(reach, rule->chain));
	if (!chain->loaded && !others)
		return chain;
	node->looked = true;
	if (others)
		return NULL;
	for (size_t i = 0; i < chain->nrules && !missing; i++)
		missing = reach_unloaded(reach, chain->rules[i]);
	return missing;
}
