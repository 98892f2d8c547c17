/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include <string.h>

#include "docker_chains.h"
#include "exposes.h"

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

/* What comes before the jump within the chain through which it is reached. */
static bool keeps_out_within(struct forward *forward, const struct policy *policy,
			     struct reach *reach, const struct table *table)
{
	return forward->through.call == CALL_ALL && forward->through.front == FRONT_ACCEPTS &&
	       ban_in_chain(policy, reach, table, forward->chain->rules[forward->jump],
			    &forward->ban);
}

/* Whether a repair would let in what a rule before the jump refuses. */
static bool jump_stays(struct forward *forward, const struct policy *policy, struct reach *reach,
		       const struct table *table)
{
	bool refuses = false;

	if (forward->right || forward->jump == NOWHERE ||
	    forward->through.front == FRONT_DOCKER || !user_lets_in(reach))
		return false;
	for (size_t i = forward->place; i < forward->jump; i++) {
		const struct rule *rule = forward->chain->rules[i];

		if (forward_front(policy, reach, forward->chain, rule) == FRONT_DOCKER)
			return false;
		refuses |= !forward_is_jump(rule) && rule_is_ban(reach, rule);
	}
	for (size_t i = forward->place; i < forward->jump && !refuses; i++)
		refuses = ban_in_chain(policy, reach, table, forward->chain->rules[i], &forward->ban);
	return refuses || keeps_out_within(forward, policy, reach, table);
}

/* Whether a jump before the rule would let in what it, or a chain that it leads to, refuses. */
static bool is_passed(const struct policy *policy, struct reach *reach, const struct table *table,
		      const struct rule *rule, struct ban *ban)
{
	*ban = (struct ban){ 0 };
	return !forward_is_jump(rule) && (ban_is_passed(policy, reach, table, rule) ||
					  ban_in_chain(policy, reach, table, rule, ban));
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
	struct ban ban;

	if (forward->right || forward->stays || !user_lets_in(reach))
		return at;
	for (size_t i = at; i < last_place(forward); i++) {
		const struct rule *rule = forward->chain->rules[i];
		enum front front = forward_front_of(policy, reach, calls, forward->chain, rule);

		/* One that refuses everything is what happens to the rest, not a ban. */
		if (front == FRONT_DOCKER || rule_ends_chain(rule) ||
		    (front == FRONT_ACCEPTS && rule_exposes(policy, reach, table, rule)))
			break;
		if (is_passed(policy, reach, table, rule, &ban))
			at = i + 1;
	}
	return at;
}

size_t forward_passed(const struct forward *forward, const struct policy *policy,
		      struct reach *reach, const struct table *table, size_t from,
		      struct ban *ban)
{
	if (forward->right || forward->stays || !user_lets_in(reach))
		return NOWHERE;
	for (size_t i = from; i < last_place(forward); i++) {
		const struct rule *rule = forward->chain->rules[i];

		if (rule_ends_chain(rule) ||
		    forward_front(policy, reach, forward->chain, rule) == FRONT_DOCKER)
			break;
		if (is_passed(policy, reach, table, rule, ban))
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
	forward->stays = jump_stays(forward, policy, reach, table);
	forward->insert = after_bans(forward, policy, reach, table, calls);
	/* dockerd knows the bare form only: it would put one in beside any other. */
	if (forward->right || forward->stays)
		forward->kept = forward->bare != NOWHERE ? forward->bare : forward->first;
	user_calls_free(calls);
}
