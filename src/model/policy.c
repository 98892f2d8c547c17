/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"

struct policy *policy_new(void)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));

	policy_add_chain(policy, DOCKER_USER, "", 0);
	return policy;
}

void wanted_rules_clear(struct wanted_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		rule_free(rules->v[i].rule);
		free(rules->v[i].text);
		free(rules->v[i].file);
		free(rules->v[i].refused);
	}
	free(rules->v);
	*rules = (struct wanted_rules){ 0 };
}

void refused_rules_add(struct refused_rules *list, const char *text, const char *file,
		       unsigned int line, enum family family, char *why)
{
	GROW(list->v, list->n, list->room);
	list->v[list->n++] = (struct refused_rule){
		.text = xstrdup(text), .file = xstrdup(file), .line = line, .family = family,
		.why = why,
	};
}

void refused_rules_clear(struct refused_rules *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].text);
		free(list->v[i].file);
		free(list->v[i].why);
	}
	free(list->v);
	*list = (struct refused_rules){ 0 };
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
	for (int family = 0; family < FAMILY_COUNT; family++) {
		wanted_rules_clear(&policy->input[family]);
		wanted_rules_clear(&policy->closing[family]);
		wanted_rules_clear(&policy->unguarded[family]);
	}
	refused_rules_clear(&policy->refused);
	for (size_t i = 0; i < policy->nsections; i++) {
		free(policy->sections[i].file);
		strings_clear(&policy->sections[i].interfaces);
		strings_clear(&policy->sections[i].allow);
	}
	free(policy->sections);
	for (size_t i = 0; i < policy->nnamed; i++) {
		free(policy->named[i].name);
		free(policy->named[i].file);
	}
	free(policy->named);
	strings_clear(&policy->trusted_chains);
	strings_clear(&policy->ignore);
	strings_clear(&policy->outside);
	strings_clear(&policy->bridges);
	free(policy->direct_file);
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

struct wanted_chain *policy_chain_in(const struct policy *policy, const char *name,
				     enum family family)
{
	struct wanted_chain *chain = policy_chain(policy, name);

	if (!chain || chain->filled_by == FILLED_BY_OTHERS ||
	    policy_needs_chain(policy, chain, family))
		return chain;
	return NULL;
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

struct wanted_rule *wanted_rules_add(struct wanted_rules *rules, struct rule *rule,
				     const char *text, const char *file, unsigned int line)
{
	GROW(rules->v, rules->n, rules->room);
	rules->v[rules->n] = (struct wanted_rule){
		.rule = rule, .text = xstrdup(text), .file = xstrdup(file), .line = line,
	};
	return &rules->v[rules->n++];
}

static void strings_copy(struct strings *to, const struct strings *from)
{
	*to = (struct strings){ 0 };
	for (size_t i = 0; i < from->n; i++)
		strings_add(to, from->v[i]);
}

const struct publish_section *policy_section_of(const struct policy *policy, uint8_t proto,
						uint16_t port)
{
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		if (section->proto == proto && section->port <= port && section->last >= port)
			return section;
	}
	return NULL;
}

void policy_add_section(struct policy *policy, const struct publish_section *section)
{
	struct publish_section *added;

	GROW(policy->sections, policy->nsections, policy->sections_room);
	added = &policy->sections[policy->nsections++];
	*added = *section;
	added->file = xstrdup(section->file);
	strings_copy(&added->interfaces, &section->interfaces);
	strings_copy(&added->allow, &section->allow);
}

void policy_add_named(struct policy *policy, const char *name, const char *file, unsigned int line)
{
	GROW(policy->named, policy->nnamed, policy->named_room);
	policy->named[policy->nnamed++] = (struct named_interface){
		.name = xstrdup(name), .file = xstrdup(file), .line = line,
	};
}

static void rules_copy(struct wanted_rules *to, const struct wanted_rules *from,
		       struct rule *(*canonical)(const struct rule *rule))
{
	*to = (struct wanted_rules){ 0 };
	for (size_t i = 0; i < from->n; i++) {
		const struct wanted_rule *wanted = &from->v[i];
		struct rule *rule = canonical ? canonical(wanted->rule) : rule_copy(wanted->rule);
		struct wanted_rule *copy =
			wanted_rules_add(to, rule, wanted->text, wanted->file, wanted->line);

		copy->section = wanted->section;
		copy->by_host = wanted->by_host;
		copy->by_host_drop = wanted->by_host_drop;
		copy->refused = wanted->refused ? xstrdup(wanted->refused) : NULL;
	}
}

static void refused_copy(struct refused_rules *to, const struct refused_rules *from)
{
	*to = (struct refused_rules){ 0 };
	for (size_t i = 0; i < from->n; i++)
		refused_rules_add(to, from->v[i].text, from->v[i].file, from->v[i].line,
				  from->v[i].family, xstrdup(from->v[i].why));
}

struct policy *policy_canonical(const struct policy *policy, unsigned int families,
				struct rule *(*canonical)(const struct rule *rule))
{
	struct policy *copy = xmemdup(policy, sizeof(*policy));

	copy->families = families;
	strings_copy(&copy->trusted_chains, &policy->trusted_chains);
	strings_copy(&copy->ignore, &policy->ignore);
	strings_copy(&copy->outside, &policy->outside);
	strings_copy(&copy->bridges, &policy->bridges);
	copy->direct_file = policy->direct_file ? xstrdup(policy->direct_file) : NULL;
	copy->chains = NULL;
	copy->nchains = copy->room = 0;
	copy->sections = NULL;
	copy->nsections = copy->sections_room = 0;
	copy->named = NULL;
	copy->nnamed = copy->named_room = 0;
	for (size_t i = 0; i < policy->nsections; i++)
		policy_add_section(copy, &policy->sections[i]);
	for (size_t i = 0; i < policy->nnamed; i++)
		policy_add_named(copy, policy->named[i].name, policy->named[i].file,
				 policy->named[i].line);
	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_chain *from = policy->chains[c];
		struct wanted_chain *to = policy_add_chain(copy, from->name, from->file, from->line);

		to->filled_by = from->filled_by;
		to->verdicts = from->verdicts;
		for (int family = 0; family < FAMILY_COUNT; family++)
			rules_copy(&to->rules[family], &from->rules[family], canonical);
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		rules_copy(&copy->input[family], &policy->input[family], canonical);
		rules_copy(&copy->closing[family], &policy->closing[family], canonical);
		rules_copy(&copy->unguarded[family], &policy->unguarded[family], NULL);
	}
	refused_copy(&copy->refused, &policy->refused);
	return copy;
}

size_t policy_rules(const struct policy *policy, enum family family)
{
	size_t n = 0;

	for (size_t i = 0; policy && i < policy->nchains; i++)
		n += policy->chains[i]->rules[family].n;
	return n;
}

bool policy_follows_host(const struct policy *policy)
{
	if (policy->unlisted == UNLISTED_HOST_FIREWALL)
		return true;
	for (size_t i = 0; i < policy->nsections; i++)
		if (policy->sections[i].host_firewall)
			return true;
	return false;
}

bool policy_has_rules(const struct policy *policy)
{
	size_t n = policy->nsections;

	for (int family = 0; family < FAMILY_COUNT; family++)
		n += policy_rules(policy, (enum family)family) + policy->input[family].n;
	return n || policy->unlisted != UNLISTED_ALLOW || policy->direct == DIRECT_REFUSE;
}
