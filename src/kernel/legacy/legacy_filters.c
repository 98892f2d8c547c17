/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_filters.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot_read.h"
#include "util.h"

/* The hooks of ip_tables and ip6_tables: NF_IP_PRI_… of linux/netfilter_ipv4.h. */
static const struct {
	const char *table, *chain;
	enum other_place place;
	int32_t priority;
} legacy_hooks[] = {
	{ "filter", "INPUT", OTHER_INPUT, 0 },
	{ "filter", "FORWARD", OTHER_FORWARD, 0 },
	{ "nat", "PREROUTING", OTHER_PREROUTING, -100 },
	{ "nat", "INPUT", OTHER_INPUT, 100 },
	{ "nat", "POSTROUTING", OTHER_POSTROUTING, 100 },
	{ "mangle", "PREROUTING", OTHER_PREROUTING, -150 },
	{ "mangle", "INPUT", OTHER_INPUT, -150 },
	{ "mangle", "FORWARD", OTHER_FORWARD, -150 },
	{ "mangle", "POSTROUTING", OTHER_POSTROUTING, -150 },
	{ "raw", "PREROUTING", OTHER_PREROUTING, -300 },
	{ "security", "INPUT", OTHER_INPUT, 50 },
	{ "security", "FORWARD", OTHER_FORWARD, 50 },
};

static struct chain *select_each(const struct policy *policy, const struct snapshot *snapshot,
				 struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < snapshot->tables[t]->nchains; c++)
			if (!snapshot->tables[t]->chains[c]->loaded)
				return snapshot->tables[t]->chains[c];
	}
	return NULL;
}

static void add_rules(struct other_filters *filters, size_t number, const struct chain *chain)
{
	struct other_chain *to = &filters->chains[other_filters_chain(filters, number, chain->name)];

	for (size_t i = 0; i < chain->nrules; i++) {
		struct other_rule made = { .to = OTHER_NOWHERE, .number = ++to->rules,
					   .xt = rule_copy(chain->rules[i]) };

		if (made.xt->chain)
			made.to = other_filters_chain(filters, number, made.xt->chain);
		other_chain_add(to, &made);
	}
}

static void add_hooks(struct other_filters *filters, size_t number, const struct table *table)
{
	for (size_t i = 0; i < ARRAY_SIZE(legacy_hooks); i++) {
		const struct chain *chain = table_chain(table, legacy_hooks[i].chain);

		if (strcmp(legacy_hooks[i].table, table->name) || !chain)
			continue;
		other_filters_take(filters, (struct other_hook){
			.place = legacy_hooks[i].place,
			.priority = legacy_hooks[i].priority,
			.nat = !strcmp(table->name, "nat"),
			.drops = chain->policy == VERDICT_DROP,
			.families = 1U << table->family,
			.chain = other_filters_chain(filters, number, chain->name),
			.name = xasprintf("%s %s %s",
					  table->family == FAMILY_IPV4 ? "ip_tables" : "ip6_tables",
					  table->name, chain->name),
		});
	}
}

static void add_table(struct other_filters *filters, const struct table *table)
{
	char *name = xasprintf("%s %s", table->family == FAMILY_IPV4 ? "ip_tables" : "ip6_tables",
			       table->name);
	size_t number = other_filters_table(filters, name, 1U << table->family);

	for (size_t c = 0; c < table->nchains; c++)
		other_filters_add_chain(filters, table->chains[c]->name)->base = table->chains[c]->builtin;
	other_filters_sort(filters);
	for (size_t c = 0; c < table->nchains; c++)
		add_rules(filters, number, table->chains[c]);
	add_hooks(filters, number, table);
	free(name);
}

int legacy_read_filters(const struct backend_ops *ops, bool but_builtin,
			struct other_filters *filters)
{
	static const char *const all[] = { "raw", "mangle", "nat", "filter", "security", NULL };
	struct policy both = { .families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6 };
	struct snapshot *snapshot = NULL;

	if (but_builtin)
		return BACKEND_OK;
	if (snapshot_read(ops, &both, all, select_each, &snapshot))
		return BACKEND_FAILED;
	for (size_t t = 0; t < snapshot->ntables; t++)
		add_table(filters, snapshot->tables[t]);
	snapshot_free(snapshot);
	return BACKEND_OK;
}
