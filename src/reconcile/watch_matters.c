/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_matters.h"

#include <netinet/in.h> /* before the kernel's headers */
#include <linux/netfilter.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_restore.h"
#include "guard_names.h"
#include "util.h"

static bool is_iptables_family(int family)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
}

/* Whether the elements of a map, which is not named, decide on a rule that was read. */
static bool has_map(const struct table *table)
{
	for (size_t i = 0; i < table->nchains; i++)
		for (size_t k = 0; k < table->chains[i]->nrules; k++)
			if (table->chains[i]->rules[k]->by_map)
				return true;
	return false;
}

bool watch_matters(const struct policy *policy, const struct state *last, const struct change_of *of)
{
	const struct snapshot *snapshot = last->snapshot;
	const struct table *table;
	const struct chain *chain;
	enum family family = of->family == NFPROTO_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;

	if (state_follows(last, of->family, of->table, of->chain, of->itself, of->handle))
		return true;
	if (!is_iptables_family(of->family))
		return false;
	/* Where Docker filters in its own table, any chain of it may be about a port. */
	if (!snapshot || !strcmp(of->table, GUARD_TABLE) || !strcmp(of->table, DOCKER_NFT_TABLE))
		return true;
	if (snapshot->backend != BACKEND_NFT && last->other)
		snapshot = last->other;
	table = snapshot_table(snapshot, family, of->table);
	if (!table)
		return !strcmp(of->table, "filter") || !strcmp(of->table, "nat");
	if (!*of->chain)
		return of->itself || has_map(table);
	/* A chain that was read and is renamed has another name now, and what led to it still does. */
	chain = table_chain_with(table, of->handle);
	if (chain && chain->loaded)
		return true;
	chain = table_chain(table, of->chain);
	if (chain)
		return chain->loaded;
	return docker_owns_chain(of->chain) || policy_chain(policy, of->chain);
}

static bool is_builtin_name(const char *chain)
{
	static const char *const names[] = { "FORWARD", "PREROUTING", "OUTPUT", "POSTROUTING" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(chain, names[i]))
			return true;
	return false;
}

bool watch_is_of_docker(const struct change_of *of)
{
	if (!is_iptables_family(of->family))
		return false;
	for (const char *const *name = docker_tables; *name; name++)
		if (!strcmp(of->table, *name))
			return of->itself || !*of->chain || docker_owns_chain(of->chain) ||
			       is_builtin_name(of->chain);
	return false;
}
