/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bans.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "exposes.h"
#include "meet.h"
#include "xt_match.h"

bool rule_is_ban(struct reach *reach, const struct rule *rule)
{
	return reach_refuses(reach, rule) && (rule_is_unknown(rule) || !reach_passes(reach, rule));
}

bool user_lets_in(struct reach *reach)
{
	char user[] = DOCKER_USER;
	const struct rule inserted = { .verdict = VERDICT_JUMP, .chain = user };

	return reach_passes(reach, &inserted);
}

struct search {
	const struct policy *policy;
	struct reach *reach;
	const struct table *table;
	const struct rule *rule; /* of FORWARD */
	bool *seen;              /* parallel to table->chains: nothing in it meets the accepting rule */
	struct ban *ban;         /* NULL: only the rule of FORWARD counts */
	size_t compared;         /* how many rules of chains with accepting ones */
};

/* After so many, about a second's work for a whole run, rules count as ones that can meet. */
#define COMPARED_MAX ((size_t)1 << 22)

/* ---- chains that refuse and accept ---- */

/* States that a packet which starts a connection with a container never has. */
enum {
	NOT_NEW = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
		  XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
};

/* Whether it is about new packets that may go to a container, and that accept matches. */
static bool concerns(struct search *search, const struct rule *accept,
		     const struct rule *rule)
{
	unsigned int states;
	bool not;

	if (rule->opaque)
		return true;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_match_states(&rule->matches[i], &states, &not) && !not && !(states & ~NOT_NEW))
			return false;
	if (rule->out.mask[0] && !(rule->invert & INV_OUT) &&
	    !may_be_docker_bridge(search->reach, search->table, &rule->out))
		return false;
	if (rule_excludes_new(rule))
		return false;
	return !accept || ++search->compared > COMPARED_MAX || rules_can_meet(accept, rule);
}

static bool filled_by_others(const struct search *search, const char *name)
{
	const struct wanted_chain *held = policy_chain_in(search->policy, name,
							  search->table->family);

	return held && held->filled_by == FILLED_BY_OTHERS;
}

/* Looks for a ban in the chain that the rule leads to. */
static bool look_in_chain(struct search *search, const struct rule *accept,
			  const struct rule *from)
{
	size_t at = table_index(search->table, from->chain);
	const struct chain *chain;

	if (at == search->table->nchains || search->seen[at] ||
	    filled_by_others(search, from->chain))
		return false;
	search->seen[at] = true;
	chain = search->table->chains[at];
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		if (rule_leads_to(rule, DOCKER_USER)) {
			/* What comes after it stays after it. */
			if (rule_unconditional(rule))
				break;
		} else if (!concerns(search, accept, rule)) {
			continue;
		} else if (rule_jumps(rule) && !rule_is_unknown(rule)) {
			if (look_in_chain(search, accept, rule))
				return true;
		} else if (rule_is_ban(search->reach, rule)) {
			*search->ban = (struct ban){ chain, i };
			return true;
		}
	}
	return false;
}

/* ---- what DOCKER-USER accepts ---- */

/* Whether a ban refuses what the rule of DOCKER-USER accepts. NULL: it may accept anything. */
static bool meets(struct search *search, const struct rule *accept)
{
	if (!search->ban)
		return !accept || rules_can_meet(accept, search->rule);
	memset(search->seen, 0, search->table->nchains * sizeof(*search->seen));
	return concerns(search, accept, search->rule) &&
	       look_in_chain(search, accept, search->rule);
}

/* A return from DOCKER-USER leads on through FORWARD. */
static bool may_accept(struct reach *reach, const struct rule *rule)
{
	return rule_is_unknown(rule) ||
	       (rule->verdict != VERDICT_RETURN && reach_passes(reach, rule));
}

/* Whether DOCKER-USER may accept what such a ban refuses. */
static bool user_accepts(struct search *search)
{
	const struct wanted_chain *held = policy_chain_in(search->policy, DOCKER_USER,
							  search->table->family);
	const struct wanted_rules *wanted = held ? &held->rules[search->table->family] : NULL;
	const struct chain *chain = table_chain(search->table, DOCKER_USER);

	if (!held || held->filled_by == FILLED_BY_OTHERS || (chain && !chain->loaded))
		return meets(search, NULL);
	for (size_t i = 0; i < wanted->n; i++)
		if (may_accept(search->reach, wanted->v[i].rule) && meets(search, wanted->v[i].rule))
			return true;
	/* Those of others may stay, whatever else is configured. */
	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]) && may_accept(search->reach, chain->rules[i]) &&
		    meets(search, chain->rules[i]))
			return true;
	return false;
}

bool ban_is_passed(const struct policy *policy, struct reach *reach, const struct table *table,
		   const struct rule *rule)
{
	struct search search = { .policy = policy, .reach = reach, .table = table, .rule = rule };

	return rule_is_ban(reach, rule) && user_accepts(&search);
}

bool ban_in_chain(const struct policy *policy, struct reach *reach, const struct table *table,
		  const struct rule *rule, struct ban *ban)
{
	struct search search = { .policy = policy, .reach = reach, .table = table, .rule = rule,
				 .ban = ban };
	bool found;

	if (!rule_jumps(rule) || rule_is_unknown(rule) || rule_leads_to(rule, DOCKER_USER) ||
	    rule_is_ban(reach, rule) || !reach_refuses(reach, rule))
		return false;
	search.seen = xcalloc(table->nchains, sizeof(*search.seen));
	found = user_accepts(&search);
	free(search.seen);
	return found;
}
