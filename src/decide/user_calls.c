/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user_calls.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"

struct user_calls {
	const struct policy *policy;
	struct reach *reach;
	const struct table *table;
	/* Parallel to table->chains: what each does, once known. */
	struct user_call *known;
	bool *asked;
};

struct user_calls *user_calls_new(const struct policy *policy, struct reach *reach,
				  const struct table *table)
{
	struct user_calls *calls = xcalloc(1, sizeof(*calls));
	size_t n = table ? table->nchains : 0;

	*calls = (struct user_calls){
		.policy = policy, .reach = reach, .table = table,
		.known = xcalloc(n, sizeof(*calls->known)),
		.asked = xcalloc(n, sizeof(*calls->asked)),
	};
	return calls;
}

void user_calls_free(struct user_calls *calls)
{
	free(calls->known);
	free(calls->asked);
	free(calls);
}

static struct user_call chain_call(struct user_calls *calls, const char *name);

/* What the rule of another chain than FORWARD does with its packets. */
static struct user_call rule_call(struct user_calls *calls, const struct rule *rule)
{
	struct user_call call = { 0 };

	if (rule_leads_to(rule, DOCKER_USER))
		call.call = CALL_ALL;
	else if (rule_jumps(rule))
		call = chain_call(calls, rule->chain);
	if (call.call == CALL_ALL && !rule_unconditional(rule))
		call.call = CALL_SOME;
	return call;
}

/* Whether a packet may leave the chain here and still be decided on by FORWARD's other rules. */
static bool may_leave(const struct rule *rule)
{
	return rule_is_unknown(rule) || rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO;
}

static enum front front_of(struct user_calls *calls, const struct chain *chain,
			   const struct rule *rule)
{
	if (rule_jumps(rule) && reach_is_docker(calls->reach, rule->chain))
		return FRONT_DOCKER;
	return reach_accepts(calls->reach, chain, rule, false) ? FRONT_ACCEPTS : FRONT_HARMLESS;
}

static struct user_call walk(struct user_calls *calls, const struct chain *chain)
{
	struct user_call result = { 0 };
	bool some = false, leaves = false;

	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		struct user_call call = rule_call(calls, rule);
		enum front front;

		if (call.call == CALL_ALL) {
			result.call = leaves ? CALL_SOME : CALL_ALL;
			if (call.front > result.front)
				result.front = call.front;
			result.accepts |= call.accepts;
			return result;
		}
		some |= call.call == CALL_SOME;
		leaves |= may_leave(rule);
		front = rule_leads_to(rule, DOCKER_USER) ? FRONT_HARMLESS
			: call.call == CALL_SOME	 ? call.front
							 : front_of(calls, chain, rule);
		if (front > result.front)
			result.front = front;
		result.accepts |= front != FRONT_HARMLESS &&
				  reach_accepts(calls->reach, chain, rule, false);
		if (rule_ends_chain(rule))
			break;
	}
	if (!some)
		return (struct user_call){ 0 };
	result.call = CALL_SOME;
	return result;
}

static struct user_call chain_call(struct user_calls *calls, const char *name)
{
	size_t at = calls->table ? table_index(calls->table, name) : 0;
	const struct chain *chain;

	if (!calls->table || at == calls->table->nchains)
		return (struct user_call){ 0 };
	chain = calls->table->chains[at];
	if (!chain->loaded || docker_owns_chain(name) || policy_chain(calls->policy, name))
		return (struct user_call){ 0 };
	/* Set first: a loop, which the kernel does not have, adds nothing. */
	if (!calls->asked[at]) {
		calls->asked[at] = true;
		calls->known[at] = walk(calls, chain);
	}
	return calls->known[at];
}

struct user_call user_calls_of(struct user_calls *calls, const struct rule *rule)
{
	struct user_call call = { 0 };

	if (!rule_jumps(rule))
		return call;
	call = chain_call(calls, rule->chain);
	/* After a goto FORWARD's policy decides at the end, not its other rules. */
	if (call.call == CALL_ALL &&
	    (!rule_unconditional(rule) || rule->verdict != VERDICT_JUMP))
		call.call = CALL_SOME;
	/* What a trusted chain accepts before is its own affair. */
	if (call.front == FRONT_ACCEPTS &&
	    strings_has(&calls->policy->trusted_chains, rule->chain))
		call.front = FRONT_HARMLESS, call.accepts = false;
	return call;
}
