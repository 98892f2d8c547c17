/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_notes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "spec_words.h"
#include "xt_target.h"

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

/* ---- networks ---- */

/*
 * The network that "10.1.2.3/8" is for, if the address has bits after the prefix; else NULL. The
 * caller frees it.
 */
static char *network_of(const char *text)
{
	const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	const unsigned int bits = family == AF_INET ? 32 : 128;
	size_t length = strcspn(text, "/");
	char host[INET6_ADDRSTRLEN], *end;
	uint8_t address[16];
	unsigned long prefix;
	bool any = false;

	if (length >= sizeof(host) || text[length] != '/')
		return NULL;
	memcpy(host, text, length);
	host[length] = '\0';
	prefix = strtoul(text + length + 1, &end, 10);
	if (inet_pton(family, host, address) != 1 || end == text + length + 1 || *end || prefix > bits)
		return NULL;
	for (unsigned int i = (unsigned int)prefix; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80U >> i % 8);

		any |= (address[i / 8] & bit) != 0;
		address[i / 8] &= (uint8_t)~bit;
	}
	if (!any || !inet_ntop(family, address, host, sizeof(host)))
		return NULL;
	return xasprintf("%s/%lu", host, prefix);
}

/* Notes each network of the list that is written as an address in it. */
static void note_list(const char *list, const char *file, unsigned int line)
{
	char *copy = xstrdup(list), *rest = copy, *one;

	while ((one = strsep(&rest, ","))) {
		char *network = network_of(one);

		if (network)
			diag_warning_at(file, line, "'%s' is the whole network %s: write it so, or the "
					"address without its prefix length", one, network);
		free(network);
	}
	free(copy);
}

static void note_networks(const struct policy *policy, const struct wanted_rule *rule)
{
	struct words words;
	char *error = words_split(rule->text, &words);

	(void)policy;
	for (int i = 1; i < words.n; i++) {
		const char *source = words_argument(&words, i, 's', "source");
		const char *to = source ? source : words_argument(&words, i, 'd', "destination");

		if (to)
			note_list(to, rule->file, rule->line);
	}
	free(error);
	words_clear(&words);
}

/* ---- each rule ---- */

static bool is_same_line(const struct wanted_rule *a, const struct wanted_rule *b)
{
	return a->line == b->line && !strcmp(a->file, b->file) && !strcmp(a->text, b->text);
}

/* Calls note for the rules of a family in chain sections: once for each line. */
static void each_line(const struct policy *policy, int family,
		      void (*note)(const struct policy *, const struct wanted_rule *))
{
	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[family];

		for (size_t i = 0; i < rules->n; i++)
			if (!rules->v[i].section && !(i && is_same_line(&rules->v[i], &rules->v[i - 1])))
				note(policy, &rules->v[i]);
	}
}

/* Whether the line makes rules of both families. */
static bool is_of_both(const struct policy *policy, const struct wanted_rule *rule)
{
	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[!rule->rule->family];

		for (size_t i = 0; i < rules->n; i++)
			if (is_same_line(&rules->v[i], rule))
				return true;
	}
	return false;
}

static void note_table(const struct policy *policy, const struct wanted_rule *rule)
{
	const char *target = rule->rule->target.name;
	const char *table = rule->rule->verdict == VERDICT_EXT ? xt_target_table(target) : NULL;

	if (table && (rule->rule->family == FAMILY_IPV4 || !is_of_both(policy, rule)))
		diag_warning_at(rule->file, rule->line, "'%s': the kernel takes the target '%s' only in "
				"the table %s", rule->text, target, table);
}

void config_notes_tables(const struct policy *policy)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		each_line(policy, family, note_table);
}

void config_notes(const struct policy *policy)
{
	note_unused(policy);
	note_empty(policy);
	/* A line with addresses is of one family. */
	for (int family = 0; family < FAMILY_COUNT; family++)
		each_line(policy, family, note_networks);
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		note_mapped(section);
		for (size_t k = 0; k < section->allow.n; k++)
			note_list(section->allow.v[k], section->file, section->line);
	}
}
