/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_facts.h"

#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "chain_uses.h"
#include "docker_chains.h"
#include "forward.h"

bool guard_trusted_accepts(const struct policy *policy, struct reach *reach,
			   const struct table *filter)
{
	struct forward forward;
	size_t end;

	forward_look(&forward, policy, reach, filter);
	if (forward.stays || (!forward.right && forward.insert != forward.place))
		return true;
	/* The jump itself may be one to a trusted chain, through which DOCKER-USER is reached. */
	end = forward.right ? forward.jump + 1 : forward.place;
	for (size_t i = 0; forward.chain && i < end; i++) {
		const struct rule *rule = forward.chain->rules[i];

		if (rule_jumps(rule) && strings_has(&policy->trusted_chains, rule->chain) &&
		    reach_accepts(reach, forward.chain, rule, false))
			return true;
	}
	return false;
}

/* Whether a repair leaves the chain's rule; the configured ones count in any case. */
static bool stays(const struct policy *policy, const struct chain *chain, const struct rule *rule)
{
	return chain->foreign_base || !chain_is_held(policy, chain->name, rule->family) ||
	       (!rule_is_marked(rule) && !chain_evicts(policy, chain->name, rule));
}

void guard_find_written(const struct policy *policy, const struct table *filter,
			enum family family, struct written *written)
{
	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[family];

		for (size_t i = 0; i < rules->n; i++)
			written_add(written, rules->v[i].rule);
	}
	for (size_t c = 0; filter && c < filter->nchains; c++) {
		const struct chain *chain = filter->chains[c];

		for (size_t i = 0; i < chain->nrules && !docker_owns_chain(chain->name); i++)
			if (stays(policy, chain, chain->rules[i]))
				written_add(written, chain->rules[i]);
	}
}

bool guard_user_is_barred(const struct policy *policy, const struct table *filter)
{
	size_t user = filter ? table_index(filter, DOCKER_USER) : 0, *maps;
	bool leads;

	if (!policy->user_barred || !filter || user >= filter->nchains)
		return false;
	maps = chain_uses_by_maps(filter);
	leads = maps[user] > 0;
	free(maps);
	for (size_t c = 0; c < filter->nchains; c++)
		for (size_t i = 0; i < filter->chains[c]->nrules && !leads; i++)
			leads = rule_jumps(filter->chains[c]->rules[i]) &&
				!strcmp(filter->chains[c]->rules[i]->chain, DOCKER_USER);
	return !leads;
}
