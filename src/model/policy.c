/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "dockerd.h"

struct policy *policy_new(void)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));

	policy_add_chain(policy, DOCKER_USER, "", 0);
	return policy;
}

static void wanted_rules_clear(struct wanted_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		rule_free(rules->v[i].rule);
		rule_free(rules->v[i].parsed);
		free(rules->v[i].text);
		free(rules->v[i].file);
	}
	free(rules->v);
	*rules = (struct wanted_rules){ 0 };
}

static void wanted_chain_free(struct wanted_chain *chain)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		wanted_rules_clear(&chain->rules[family]);
	free(chain->name);
	free(chain->file);
	free(chain);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->nchains; i++)
		wanted_chain_free(policy->chains[i]);
	free(policy->chains);
	for (size_t i = 0; i < policy->nsections; i++)
		free(policy->sections[i].file);
	free(policy->sections);
	strings_clear(&policy->trusted_chains);
	strings_clear(&policy->ignore);
	free(policy);
}

struct wanted_chain *policy_chain(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->nchains; i++)
		if (!strcmp(policy->chains[i]->name, name))
			return policy->chains[i];
	return NULL;
}

bool policy_needs_chain(const struct policy *policy, const struct wanted_chain *chain,
			enum family family)
{
	if (chain->rules[family].n || !strcmp(chain->name, DOCKER_USER))
		return true;
	for (size_t i = 0; i < policy->nchains; i++)
		for (size_t k = 0; k < policy->chains[i]->rules[family].n; k++)
			if (rule_leads_to(policy->chains[i]->rules[family].v[k].rule, chain->name))
				return true;
	return false;
}

struct wanted_chain *policy_add_chain(struct policy *policy, const char *name,
				      const char *file, unsigned int line)
{
	struct wanted_chain *chain = xcalloc(1, sizeof(*chain));

	chain->name = xstrdup(name);
	chain->file = xstrdup(file);
	chain->line = line;
	GROW(policy->chains, policy->nchains, policy->room);
	policy->chains[policy->nchains++] = chain;
	return chain;
}

void wanted_rules_add(struct wanted_rules *rules, struct rule *rule, const char *text,
		      const char *file, unsigned int line)
{
	GROW(rules->v, rules->n, rules->room);
	rules->v[rules->n++] = (struct wanted_rule){
		.rule = rule, .text = xstrdup(text), .file = xstrdup(file), .line = line,
	};
}

static void set_canonical(struct wanted_rule *wanted,
			  struct rule *(*canonical)(const struct rule *rule))
{
	if (wanted->parsed) {
		rule_free(wanted->rule);
		wanted->rule = wanted->parsed;
		wanted->parsed = NULL;
	}
	if (canonical) {
		wanted->parsed = wanted->rule;
		wanted->rule = canonical(wanted->parsed);
	}
}

void policy_set_canonical(struct policy *policy, struct rule *(*canonical)(const struct rule *rule))
{
	for (size_t c = 0; c < policy->nchains; c++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			for (size_t i = 0; i < policy->chains[c]->rules[family].n; i++)
				set_canonical(&policy->chains[c]->rules[family].v[i], canonical);
}

void policy_add_section(struct policy *policy, const struct publish_section *section)
{
	GROW(policy->sections, policy->nsections, policy->sections_room);
	policy->sections[policy->nsections] = *section;
	policy->sections[policy->nsections++].file = xstrdup(section->file);
}
