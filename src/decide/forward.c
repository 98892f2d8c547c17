/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include <string.h>

#include "docker_chains.h"
#include "exposes.h"
#include "meet.h"

bool forward_is_jump(const struct rule *rule)
{
	return !rule->opaque && rule->verdict == VERDICT_JUMP &&
	       !strcmp(rule->chain, DOCKER_USER);
}

enum front forward_front(const struct policy *policy, struct reach *reach,
			 const struct chain *chain, const struct rule *rule)
{
	bool leads = rule_jumps(rule);

	if (forward_is_jump(rule))
		return FRONT_JUMP;
	if (leads && reach_is_docker(reach, rule->chain))
		return FRONT_DOCKER;
	/* A trusted chain may accept; but after a goto the policy decides on the rest. */
	if (leads && !rule->opaque && strings_has(&policy->trusted_chains, rule->chain) &&
	    (rule->verdict == VERDICT_JUMP || chain->policy == VERDICT_DROP))
		return FRONT_HARMLESS;
	return reach_accepts(reach, chain, rule, false) ? FRONT_ACCEPTS : FRONT_HARMLESS;
}

enum front forward_front_of(const struct policy *policy, struct reach *reach,
			    struct user_calls *calls, const struct chain *chain,
			    const struct rule *rule)
{
	enum front front = forward_front(policy, reach, chain, rule);
	struct user_call call;

	/* After a goto FORWARD's policy may accept, whatever the chain does. */
	if (front != FRONT_ACCEPTS || rule->opaque || rule->verdict != VERDICT_JUMP)
		return front;
	call = user_calls_of(calls, rule);
	return call.call == CALL_NONE ? front : call.front;
}

/* A rule that is not a jump to DOCKER-USER itself. */
static void look_at_other(struct forward *forward, size_t i, struct user_call call,
			  enum front front)
{
	if (call.call == CALL_ALL) {
		forward->jump = i;
		forward->through = call;
		front = call.front;
	} else if (call.call == CALL_SOME && forward->some == NOWHERE) {
		forward->some = i;
	}
	if (front != FRONT_HARMLESS && forward->place == forward->chain->nrules)
		forward->place = i;
}

static void look_at_jump(struct forward *forward, size_t i, const struct rule *rule)
{
	if (forward->first == NOWHERE)
		forward->first = i;
	else if (forward->second == NOWHERE)
		forward->second = i;
	forward->njumps++;
	if (!rule_unconditional(rule))
		return;
	if (forward->bare == NOWHERE)
		forward->bare = i;
	if (forward->jump == NOWHERE)
		forward->jump = i;
}

/* Whether it refuses. A chain that accepts as well, such as Tailscale's, is not a ban. */
static bool is_ban(struct reach *reach, const struct rule *rule)
{
	return reach_refuses(reach, rule) && (rule_is_unknown(rule) || !reach_passes(reach, rule));
}

/* A return from DOCKER-USER leads on through FORWARD. */
static bool may_accept(struct reach *reach, const struct rule *rule)
{
	return rule_is_unknown(rule) ||
	       (rule->verdict != VERDICT_RETURN && reach_passes(reach, rule));
}

/* Whether DOCKER-USER can accept a packet, so that FORWARD's later rules never see it. */
static bool user_lets_in(struct reach *reach)
{
	char user[] = DOCKER_USER;
	const struct rule inserted = { .verdict = VERDICT_JUMP, .chain = user };

	return reach_passes(reach, &inserted);
}

/* Whether a repair would let in what a rule before the jump refuses. */
static bool jump_stays(const struct forward *forward, const struct policy *policy,
		       struct reach *reach)
{
	bool refuses = false;

	if (forward->right || forward->jump == NOWHERE ||
	    forward->through.front == FRONT_DOCKER || !user_lets_in(reach))
		return false;
	/* A chain through which it is reached, and which accepts before, is passed as well. */
	for (size_t i = forward->place; i < forward->jump; i++) {
		const struct rule *rule = forward->chain->rules[i];

		if (forward_front(policy, reach, forward->chain, rule) == FRONT_DOCKER)
			return false;
		refuses |= !forward_is_jump(rule) && is_ban(reach, rule);
	}
	return refuses;
}

/* Whether DOCKER-USER may accept a packet that the rule matches. */
static bool user_accepts(const struct policy *policy, struct reach *reach,
			 const struct table *table, const struct rule *rule)
{
	const struct wanted_chain *held = policy_chain_in(policy, DOCKER_USER, table->family);
	const struct wanted_rules *wanted = held ? &held->rules[table->family] : NULL;
	const struct chain *chain = table_chain(table, DOCKER_USER);

	if (!held || held->filled_by == FILLED_BY_OTHERS || (chain && !chain->loaded))
		return true;
	for (size_t i = 0; i < wanted->n; i++)
		if (may_accept(reach, wanted->v[i].rule) && rules_can_meet(wanted->v[i].rule, rule))
			return true;
	/* Those of others may stay, whatever else is configured. */
	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (!rule_is_marked(chain->rules[i]) && may_accept(reach, chain->rules[i]) &&
		    rules_can_meet(chain->rules[i], rule))
			return true;
	return false;
}

/* Whether a jump before the rule would let in what it refuses. */
static bool is_passed(const struct policy *policy, struct reach *reach, const struct table *table,
		      const struct rule *rule)
{
	return !forward_is_jump(rule) && is_ban(reach, rule) &&
	       user_accepts(policy, reach, table, rule);
}

/* The rule before which a new jump comes at the latest: it must not be later than now. */
static size_t last_place(const struct forward *forward)
{
	if (forward->jump != NOWHERE)
		return forward->jump;
	return forward->chain ? forward->chain->nrules : 0;
}

/*
 * Where a new jump comes: after the last ban that it would pass at place, but before the
 * first rule that leads to Docker's chains or lets a new connection through to a container.
 */
static size_t after_bans(const struct forward *forward, const struct policy *policy,
			 struct reach *reach, const struct table *table, struct user_calls *calls)
{
	size_t at = forward->place;

	if (forward->right || forward->stays || !user_lets_in(reach))
		return at;
	for (size_t i = at; i < last_place(forward); i++) {
		const struct rule *rule = forward->chain->rules[i];
		enum front front = forward_front_of(policy, reach, calls, forward->chain, rule);

		/* One that refuses everything is what happens to the rest, not a ban. */
		if (front == FRONT_DOCKER || rule_ends_chain(rule) ||
		    (front == FRONT_ACCEPTS && rule_exposes(policy, reach, table, rule)))
			break;
		if (is_passed(policy, reach, table, rule))
			at = i + 1;
	}
	return at;
}

size_t forward_passed(const struct forward *forward, const struct policy *policy,
		      struct reach *reach, const struct table *table, size_t from)
{
	if (forward->right || forward->stays || !user_lets_in(reach))
		return NOWHERE;
	for (size_t i = from; i < last_place(forward); i++) {
		const struct rule *rule = forward->chain->rules[i];

		if (rule_ends_chain(rule) ||
		    forward_front(policy, reach, forward->chain, rule) == FRONT_DOCKER)
			break;
		if (is_passed(policy, reach, table, rule))
			return i;
	}
	return NOWHERE;
}

void forward_look(struct forward *forward, const struct policy *policy, struct reach *reach,
		  const struct table *table)
{
	const struct chain *chain = table_chain(table, "FORWARD");
	struct user_calls *calls = user_calls_new(policy, reach, table);
	size_t n = chain ? chain->nrules : 0;

	*forward = (struct forward){
		.chain = chain, .first = NOWHERE, .bare = NOWHERE, .second = NOWHERE,
		.jump = NOWHERE, .some = NOWHERE, .place = n, .kept = NOWHERE,
	};
	for (size_t i = 0; i < n; i++) {
		const struct rule *rule = chain->rules[i];

		if (forward_is_jump(rule))
			look_at_jump(forward, i, rule);
		else if (forward->jump == NOWHERE)
			look_at_other(forward, i, user_calls_of(calls, rule),
				      forward_front_of(policy, reach, calls, chain, rule));
	}
	forward->right = forward->jump != NOWHERE && forward->place == n;
	forward->stays = jump_stays(forward, policy, reach);
	forward->insert = after_bans(forward, policy, reach, table, calls);
	/* dockerd knows the bare form only: it would put one in beside any other. */
	if (forward->right || forward->stays)
		forward->kept = forward->bare != NOWHERE ? forward->bare : forward->first;
	user_calls_free(calls);
}
