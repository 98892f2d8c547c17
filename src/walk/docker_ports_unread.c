/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_unread.h"

#include <stdlib.h>
#include <string.h>

/* The first such rule of a family, and how many there are. */
struct unread {
	const char *table, *chain;
	size_t number, n;
};

static void found(struct unread *unread, const char *table, const char *chain, size_t number)
{
	if (!unread->n++) {
		unread->table = table;
		unread->chain = chain;
		unread->number = number;
	}
}

/* The destination is any one: the rule is none that leads to a listed port. */
static bool leads_anywhere(const struct other_rule *rule)
{
	return rule->verdict == OTHER_ANYTHING ||
	       (rule->verdict == OTHER_TRANSLATE && !rule->nat.known);
}

/* Whether the rule of the snapshot is opaque, and may translate. */
static bool is_unread(const struct other_chain *followed, size_t number, const struct rule *rule)
{
	const struct other_rule *read;
	bool anywhere = false;
	size_t n;

	if (!rule->opaque || rule->keeps_packet)
		return false;
	read = other_chain_reading(followed, number, rule, &n);
	for (size_t i = 0; i < n; i++)
		anywhere |= leads_anywhere(&read[i]);
	return anywhere || !n;
}

static void look_in_nat(const struct world *world, const struct table *nat, struct unread *unread)
{
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];
		const struct other_chain *followed = other_filters_followed(
			world->others, nat->family, nat->name, chain->name);

		/* Those of the other hooks give no new destination to what comes from outside. */
		if (chain->builtin && strcmp(chain->name, "PREROUTING"))
			continue;
		for (size_t i = 0; i < chain->nrules; i++)
			if (is_unread(followed, i + 1, chain->rules[i]))
				found(unread, nat->name, chain->name, i + 1);
	}
}

/* Whether packets from outside may come to the chain in order to be translated. */
static bool translates(const struct other_filters *others, size_t at)
{
	const struct other_chain *chain = &others->chains[at];

	for (size_t i = 0; i < others->n; i++) {
		const struct other_hook *hook = &others->v[i];

		if (hook->nat && hook->place == OTHER_PREROUTING &&
		    (chain->base ? hook->chain == at
				 : others->chains[hook->chain].table == chain->table))
			return true;
	}
	return false;
}

static void look_in_others(const struct other_filters *others, enum family family,
			   struct unread *unread)
{
	for (size_t c = 0; others && c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];
		const struct other_table *table = &others->tables[chain->table];

		if (!(table->families & 1U << family) || !translates(others, c))
			continue;
		for (size_t i = 0; i < chain->n; i++)
			if (!chain->v[i].xt && leads_anywhere(&chain->v[i]))
				found(unread, table->name, chain->name, chain->v[i].number);
	}
}

void docker_ports_unread(const struct world *world, unsigned int families, struct strings *texts)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *nat = snapshot_table(world->snapshot, family, "nat");
		struct unread unread = { 0 };
		char *more;

		if (!(families & 1U << family))
			continue;
		if (nat)
			look_in_nat(world, nat, &unread);
		look_in_others(world->others, family, &unread);
		if (!unread.n)
			continue;
		more = unread.n > 1 ? xasprintf(", and %zu more like it,", unread.n - 1)
				    : xstrdup("");
		strings_take(texts, xasprintf(
			"%s: rule %zu of %s in the table '%s'%s may publish ports that are not "
			"listed: where it leads cannot be read",
			family_title(family), unread.number, unread.chain, unread.table, more));
		free(more);
	}
}
