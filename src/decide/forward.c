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

void forward_look(struct forward *forward, const struct policy *policy, struct reach *reach,
		  const struct table *table)
{
	const struct chain *chain = table_chain(table, "FORWARD");
	size_t n = chain ? chain->nrules : 0;

	*forward = (struct forward){
		.chain = chain, .first = NOWHERE, .jump = NOWHERE, .second = NOWHERE, .place = n,
	};
	for (size_t i = 0; i < n; i++) {
		const struct rule *rule = chain->rules[i];

		if (forward_is_jump(rule)) {
			if (forward->first == NOWHERE)
				forward->first = i;
			else if (forward->second == NOWHERE)
				forward->second = i;
			if (forward->jump == NOWHERE && rule_unconditional(rule))
				forward->jump = i;
			forward->njumps++;
		} else if (forward->jump == NOWHERE && forward->place == n &&
			   forward_front(policy, reach, chain, rule) != FRONT_HARMLESS) {
			forward->place = i;
		}
	}
	forward->right = forward->jump != NOWHERE && forward->place == n;
}

static bool covers(const struct interface *a, const struct interface *b)
{
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if ((a->name[i] ^ b->name[i]) & a->mask[i] & b->mask[i])
			return false;
	return true;
}

/* Whether the interface can be a bridge with one of Docker's default names. */
static bool bridge_by_name(const struct interface *out)
{
	static const char *const names[] = { "docker0", "docker_gwbridge", "br-+" };
	struct interface known;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (interface_set(&known, names[i]) && covers(&known, out))
			return true;
	return false;
}

enum seen { SEEN_NONE, SEEN_OTHERS, SEEN_IT };

static void see(enum seen *seen, const struct interface *iface, bool inverted,
		const struct interface *out)
{
	if (!iface->mask[0] || inverted || *seen == SEEN_IT)
		return;
	*seen = covers(iface, out) ? SEEN_IT : SEEN_OTHERS;
}

/* Whether Docker's rules name the interface as a bridge, only other ones, or none. */
static enum seen bridge_by_rules(struct reach *reach, const struct table *table,
				 const struct interface *out)
{
	const struct chain *own = table_chain(table, "DOCKER-FORWARD");
	const struct chain *forward = table_chain(table, "FORWARD");
	enum seen seen = SEEN_NONE;

	for (size_t i = 0; own && i < own->nrules; i++) {
		see(&seen, &own->rules[i]->in, own->rules[i]->invert & INV_IN, out);
		see(&seen, &own->rules[i]->out, own->rules[i]->invert & INV_OUT, out);
	}
	for (size_t i = 0; forward && i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule_jumps(rule) && reach_is_docker(reach, rule->chain))
			see(&seen, &rule->out, rule->invert & INV_OUT, out);
	}
	return seen;
}

bool forward_exposes(struct reach *reach, const struct table *table, const struct rule *rule)
{
	const struct chain *chain = table_chain(table, "FORWARD");

	if (rule->opaque)
		return true;
	if (!reach_accepts(reach, chain, rule, true))
		return false;
	if (!rule->out.mask[0] || (rule->invert & INV_OUT) || bridge_by_name(&rule->out))
		return true;
	/* If no rule of Docker's names a bridge (28.0.0 has them in a set), any
	 * interface may be one. */
	return bridge_by_rules(reach, table, &rule->out) != SEEN_OTHERS;
}
