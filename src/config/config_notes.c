/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_notes.h"

#include <string.h>

#include "diag.h"

static bool leads_to(const struct wanted_chain *from, const char *name)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		for (size_t i = 0; i < from->rules[family].n; i++)
			if (rule_leads_to(from->rules[family].v[i].rule, name))
				return true;
	return false;
}

/* The first chain is DOCKER-USER, to which FORWARD jumps. */
static void note_unused(const struct policy *policy)
{
	for (size_t i = 1; i < policy->nchains; i++) {
		const struct wanted_chain *chain = policy->chains[i];
		bool used = false;

		for (size_t k = 0; k < policy->nchains && !used; k++)
			used = k != i && leads_to(policy->chains[k], chain->name);
		if (!used)
			diag_warning_at(chain->file, chain->line, "no rule here jumps to the chain '%s' "
					"(-j %s), so its rules are never evaluated", chain->name, chain->name);
	}
}

static bool is_empty(const struct wanted_rule *rule)
{
	return !rule->text[strspn(rule->text, " \t")];
}

/* An empty text is a rule in each family, and is reported once. */
static void note_empty(const struct policy *policy)
{
	for (size_t c = 0; c < policy->nchains; c++)
		for (int family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *rules = &policy->chains[c]->rules[family];

			if (family && policy->families & 1U << !family)
				continue;
			for (size_t i = 0; i < rules->n; i++)
				if (is_empty(&rules->v[i]))
					diag_warning_at(rules->v[i].file, rules->v[i].line, "this rule is empty: "
							"it matches every packet, and does nothing with it");
		}
}

void config_notes(const struct policy *policy)
{
	note_unused(policy);
	note_empty(policy);
}
