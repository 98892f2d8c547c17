/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_stray.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "chain_uses.h"
#include "docker_chains.h"
#include "util.h"

#define FILTER "filter"

static const struct remedy delete_chain = {
	"run the commands in the message, if it has any; or put the chain into the configuration",
	RUN_NONE, NULL,
};
static const struct remedy delete_rules = {
	"delete these rules; if one is meant to be there, give it another comment, since dockfw-check --remove takes out all that have the mark",
	RUN_NONE, NULL,
};

/* A configured chain is checked elsewhere; Docker's may have a hundred thousand rules. */
static bool may_be_stray(const struct policy *policy, const struct chain *chain)
{
	return !policy_chain(policy, chain->name) && !docker_owns_chain(chain->name);
}

static struct chain *next_of(const struct policy *policy, const struct table *table)
{
	bool stale = false;

	for (size_t c = 0; c < table->nchains; c++) {
		if (!table->chains[c]->loaded && may_be_stray(policy, table->chains[c]))
			return table->chains[c];
		stale |= chain_is_stale(policy, table->chains[c]);
	}
	for (size_t c = 0; c < table->nchains && stale; c++)
		if (!table->chains[c]->loaded)
			return table->chains[c];
	return NULL;
}

struct chain *select_stray(const struct policy *policy, const struct snapshot *snapshot,
			   struct table **table)
{
	struct chain *missing = NULL;

	for (size_t t = 0; t < snapshot->ntables && !missing; t++) {
		*table = snapshot->tables[t];
		missing = next_of(policy, *table);
	}
	return missing;
}

/* What leads to a chain. */
struct leads {
	size_t others; /* rules that are not this program's, and elements of verdict maps */
	size_t marked; /* rules that are reported themselves, or that a repair deletes */
};

static bool is_reported(const struct policy *policy, const struct chain *chain,
			const struct rule *rule)
{
	return rule_is_marked(rule) && (may_be_stray(policy, chain) ||
					chain_is_held(policy, chain->name, rule->family));
}

static struct leads leads_to(const struct policy *policy, const struct table *table, size_t at)
{
	size_t *by_maps = chain_uses_by_maps(table);
	struct leads leads = { .others = by_maps[at] };

	for (size_t c = 0; c < table->nchains; c++) {
		for (size_t i = 0; i < table->chains[c]->nrules; i++) {
			const struct rule *rule = table->chains[c]->rules[i];

			if (!rule_leads_to(rule, table->chains[at]->name))
				continue;
			if (is_reported(policy, table->chains[c], rule))
				leads.marked++;
			else
				leads.others++;
		}
	}
	free(by_maps);
	return leads;
}

/* Whether a shell takes the name as one word. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
			return false;
	return *name != '-';
}

/* How to delete a chain that nothing leads to, as the end of a message; the caller frees it. */
static char *commands_for(const struct snapshot *snapshot, enum family family, const char *name)
{
	const char *kind = backend_kind_name(snapshot->backend);
	const char *command = family == FAMILY_IPV4 ? "iptables" : "ip6tables";

	if (!is_plain(name))
		return xstrdup("; nothing leads to it");
	return xasprintf("; nothing leads to it: delete it with: %s-%s -F %s; %s-%s -X %s", command,
			 kind, name, command, kind, name);
}

/* Only facts: what is not configured is in nobody's way, and no repair takes it out. */
static void add(struct findings *findings, enum family family, const struct chain *chain, size_t rule,
		const struct remedy *remedy, char *message)
{
	struct finding *finding = findings_add_at(findings, RULE_STALE, SEVERITY_OK, family,
						  chain->name, rule, message);

	finding->remedy = remedy;
	finding->repairable = false;
}

/*
 * One that others use may be meant. One that only marked rules lead to goes with
 * them in a repair, or is left when they are gone.
 */
static void add_stale_chain(const struct policy *policy, const struct snapshot *snapshot,
			    const struct table *table, size_t at, struct findings *findings)
{
	const struct chain *chain = table->chains[at];
	struct leads leads = leads_to(policy, table, at);
	char *end;

	if (!leads.others && leads.marked)
		return;
	if (leads.others)
		end = xstrdup(", but rules that are not this program's lead to it, so it stays");
	else
		end = commands_for(snapshot, table->family, chain->name);
	add(findings, table->family, chain, 0, &delete_chain,
	    xasprintf("%s was installed by dockfw-check and is no longer configured%s", chain->name,
		      end));
	free(end);
}

/* One finding for all marked rules of a chain, at the first. */
static void add_marked_rules(const struct table *table, const struct chain *chain,
			     struct findings *findings)
{
	size_t first = chain->nrules, n = 0;

	for (size_t i = chain->nrules; i-- > 0;) {
		if (!rule_is_marked(chain->rules[i]))
			continue;
		first = i;
		n++;
	}
	if (n)
		add(findings, table->family, chain, first + 1, &delete_rules,
		    xasprintf("%zu rule%s of %s, which is not a configured chain, ha%s the mark of dockfw-check; the first is rule %zu",
			      n, n == 1 ? "" : "s", chain->name, n == 1 ? "s" : "ve", first + 1));
}

void check_stray(const struct policy *policy, const struct snapshot *snapshot,
		 struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, FILTER);

		for (size_t c = 0; table && c < table->nchains; c++) {
			const struct chain *chain = table->chains[c];

			if (!chain->loaded || !may_be_stray(policy, chain))
				continue;
			if (chain_is_stale(policy, chain))
				add_stale_chain(policy, snapshot, table, c, findings);
			else
				add_marked_rules(table, chain, findings);
		}
	}
}
