/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include <string.h>

#include "docker_chains.h"

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

/* Whether a repair would let in what a rule before the jump refuses. */
static bool jump_stays(const struct forward *forward, const struct policy *policy,
		       struct reach *reach)
{
	char user[] = DOCKER_USER;
	const struct rule inserted = { .verdict = VERDICT_JUMP, .chain = user };
	bool refuses = false;

	if (forward->right || forward->jump == NOWHERE ||
	    forward->through.front == FRONT_DOCKER || !reach_passes(reach, &inserted))
		return false;
	/* A chain through which it is reached, and which accepts before, is passed as well. */
	for (size_t i = forward->place; i < forward->jump; i++) {
		const struct rule *rule = forward->chain->rules[i];

		if (forward_front(policy, reach, forward->chain, rule) == FRONT_DOCKER)
			return false;
		/* A chain that accepts as well, such as Tailscale's, is passed all the same. */
		refuses |= !forward_is_jump(rule) && reach_refuses(reach, rule) &&
			   (rule_is_unknown(rule) || !reach_passes(reach, rule));
	}
	return refuses;
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
				      forward_front(policy, reach, chain, rule));
	}
	forward->right = forward->jump != NOWHERE && forward->place == n;
	forward->stays = jump_stays(forward, policy, reach);
	/* dockerd knows the bare form only: it would put one in beside any other. */
	if (forward->right || forward->stays)
		forward->kept = forward->bare != NOWHERE ? forward->bare : forward->first;
	user_calls_free(calls);
}
