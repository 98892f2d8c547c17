/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_filters.h"

#include "snapshot_read.h"
#include "util.h"

static struct chain *select_filters(const struct policy *policy, const struct snapshot *snapshot,
				    struct table **table)
{
	static const char *const names[] = { "INPUT", "FORWARD" };

	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct chain *chain = table_chain(snapshot->tables[t], names[i]);

			if (chain && !chain->loaded)
				return chain;
		}
	}
	return NULL;
}

static void add_filter(struct other_filters *filters, const struct table *table, bool input)
{
	const struct chain *chain = table_chain(table, input ? "INPUT" : "FORWARD");

	if (!chain || (chain->policy != VERDICT_DROP && !chain->nrules))
		return;
	other_filters_take(filters, (struct other_filter){
		.families = 1U << table->family,
		.input = input,
		.may_drop = true,
		.filters = true,
		.reason = xasprintf("%s filter %s also filters it",
				    table->family == FAMILY_IPV4 ? "ip_tables" : "ip6_tables",
				    chain->name),
	});
}

int legacy_read_filters(const struct backend_ops *ops, bool input_only, bool but_builtin,
		     struct other_filters *filters)
{
	static const char *const filter[] = { "filter", NULL };
	struct policy both = { .families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6 };
	struct snapshot *snapshot = NULL;

	if (but_builtin)
		return BACKEND_OK;
	if (snapshot_read(ops, &both, filter, select_filters, &snapshot))
		return BACKEND_FAILED;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		if (!input_only)
			add_filter(filters, snapshot->tables[t], false);
		add_filter(filters, snapshot->tables[t], true);
	}
	snapshot_free(snapshot);
	return BACKEND_OK;
}
