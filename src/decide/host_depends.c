/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_depends.h"

#include <netinet/in.h> /* before the kernel's headers */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "guard_names.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strings *list)
{
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_text);
}

static bool has(const struct strings *list, const char *text)
{
	return list->n && bsearch(&text, list->v, list->n, sizeof(*list->v), by_text);
}

static const char *word(enum family family)
{
	return family == FAMILY_IPV4 ? "ip" : "ip6";
}

/* Marks the chain, and those that its rules lead to. */
static void reach_chain(const struct table *table, size_t index, bool *reached)
{
	const struct chain *chain = table->chains[index];

	if (reached[index])
		return;
	reached[index] = true;
	for (size_t i = 0; i < chain->nrules; i++) {
		size_t to = chain->rules[i]->chain ? table_index(table, chain->rules[i]->chain)
						   : table->nchains;

		if (to < table->nchains)
			reach_chain(table, to, reached);
	}
}

static void add_table(const struct table *table, struct host_depends *depends)
{
	bool *reached = xcalloc(table->nchains, sizeof(*reached));
	char *name = xasprintf("%s %s", word(table->family), table->name);

	for (size_t i = 0; i < table->nchains; i++)
		if (table->chains[i]->builtin && (!strcmp(table->chains[i]->name, "PREROUTING") ||
						  !strcmp(table->chains[i]->name, "INPUT")))
			reach_chain(table, i, reached);
	for (size_t i = 0; i < table->nchains; i++) {
		const struct chain *chain = table->chains[i];

		if (reached[i])
			strings_take(&depends->chains, xasprintf("%s %s", name, chain->name));
		if (reached[i] && chain->handle)
			strings_take(&depends->chains, xasprintf("%s #%" PRIu64, name, chain->handle));
	}
	strings_take(&depends->tables, name);
	free(reached);
}

static bool comes_before(enum other_place place)
{
	return place == OTHER_INGRESS || place == OTHER_BRIDGE_IN || place == OTHER_PREROUTING ||
	       place == OTHER_INPUT;
}

void host_depends_find(const struct host_facts *facts, struct host_depends *depends)
{
	const struct other_filters *others = facts->others;

	*depends = (struct host_depends){ 0 };
	for (size_t t = 0; facts->snapshot->backend == BACKEND_NFT && t < facts->snapshot->ntables; t++)
		add_table(facts->snapshot->tables[t], depends);
	for (size_t t = 0; t < others->ntables; t++)
		if (!others->tables[t].followed)
			strings_add(&depends->tables, others->tables[t].name);
	for (size_t i = 0; i < others->n; i++)
		if (comes_before(others->v[i].place))
			strings_add(&depends->whole,
				    others->tables[others->chains[others->v[i].chain].table].name);
	sort(&depends->tables);
	sort(&depends->chains);
	sort(&depends->whole);
}

void host_depends_clear(struct host_depends *depends)
{
	strings_clear(&depends->tables);
	strings_clear(&depends->chains);
	strings_clear(&depends->whole);
}

/* The words of nft. */
static const char *family_word(int family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "";
	}
}

bool host_depends_on(const struct host_depends *depends, int family, const char *table,
		     const char *chain, bool itself, uint64_t handle)
{
	char *name, *place, *renamed;
	bool on;

	if (guard_has_name(table) || family == NFPROTO_ARP)
		return false;
	name = xasprintf("%s %s", family_word(family), table);
	place = xasprintf("%s %s", name, chain);
	renamed = xasprintf("%s #%" PRIu64, name, handle);
	on = !has(&depends->tables, name) || has(&depends->whole, name) ||
	     has(&depends->chains, place) || (handle && has(&depends->chains, renamed)) ||
	     (!*chain && itself);
	free(renamed);
	free(name);
	free(place);
	return on;
}
