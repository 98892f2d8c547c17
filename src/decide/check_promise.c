/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_promise.h"

#include <string.h>

#include "docker_chains.h"
#include "util.h"

static const struct remedy keep_promise = {
	"delete the rule, or write verdicts = \"any\": then what it accepts is meant to get in", RUN_NONE,
	NULL,
};

/* Whether a rule of the chain leads there before one that refuses, or leads to others that may. */
static bool leads_before(const struct chain *chain, const char *name)
{
	bool led = false;

	for (size_t i = 0; chain && i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		bool leads = rule_jumps(rule) && rule_leads_to(rule, name);

		if (led && !leads && (rule_refuses(rule) || rule_jumps(rule)))
			return true;
		led |= leads;
	}
	return false;
}

/* The same for the configured rules of a chain, which may not be there yet. */
static bool wanted_leads_before(const struct wanted_rules *rules, const char *name)
{
	bool led = false;

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = rules->v[i].rule;
		bool leads = rule_jumps(rule) && rule_leads_to(rule, name);

		if (led && !leads && (rule_refuses(rule) || rule_jumps(rule)))
			return true;
		led |= leads && !rules->v[i].refused;
	}
	return false;
}

/* Whether FORWARD leads there before it leads to DOCKER-USER. */
static bool forward_leads_before(const struct chain *forward, const char *name)
{
	for (size_t i = 0; forward && i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule_jumps(rule) && rule_leads_to(rule, name))
			return true;
		if (rule_leads_to(rule, DOCKER_USER) && rule_unconditional(rule))
			return false;
	}
	return false;
}

static bool comes_first(const struct policy *policy, const struct table *table, const char *name)
{
	if (forward_leads_before(table_chain(table, "FORWARD"), name))
		return true;
	for (size_t c = 0; c < policy->nchains; c++)
		if (policy->chains[c]->filled_by == FILLED_BY_DOCKFW &&
		    (wanted_leads_before(&policy->chains[c]->rules[table->family], name) ||
		     leads_before(table_chain(table, policy->chains[c]->name), name)))
			return true;
	return false;
}

/* The index of the first rule that breaks the promise, or that of the end of the chain. */
static size_t first_accept(struct reach *reach, const struct chain *chain)
{
	size_t i = 0;

	while (i < chain->nrules && !reach_breaks_promise(reach, chain, chain->rules[i]))
		i++;
	return i;
}

void check_promises(const struct policy *policy, struct reach *reach, struct findings *findings)
{
	const struct table *table = reach_table(reach);

	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_chain *wanted = policy->chains[c];
		const struct chain *chain = table_chain(table, wanted->name);
		struct finding *finding;
		size_t at;

		if (!wanted_promises(wanted) || !chain ||
		    !comes_first(policy, table, wanted->name))
			continue;
		at = first_accept(reach, chain);
		if (at == chain->nrules)
			continue;
		finding = findings_add_at(findings, RULE_BYPASSED, SEVERITY_CRITICAL, table->family,
			chain->name, at + 1,
			xasprintf("rule %zu of %s can accept, though its section has verdicts = \"refuse\" (%s:%u): what it accepts passes the rules after the jump to it",
				  at + 1, chain->name, wanted->file, wanted->line));
		finding->repairable = false;
		finding->remedy = &keep_promise;
	}
}
