/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_notes.h"

#include <arpa/inet.h>
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

/* "::ffff:203.0.113.123", also with a prefix length. */
static bool is_mapped(const char *text)
{
	char host[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");
	struct in6_addr addr;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return inet_pton(AF_INET6, host, &addr) == 1 && IN6_IS_ADDR_V4MAPPED(&addr);
}

static void note_mapped(const struct publish_section *section)
{
	for (size_t i = 0; i < section->allow.n; i++)
		if (is_mapped(section->allow.v[i]))
			diag_warning_at(section->file, section->line, "'allow': \"%s\" is an IPv4 address "
					"written as one of IPv6, from which no packet comes: write it as IPv4",
					section->allow.v[i]);
}

void config_notes(const struct policy *policy)
{
	note_unused(policy);
	note_empty(policy);
	for (size_t i = 0; i < policy->nsections; i++)
		note_mapped(&policy->sections[i]);
}
