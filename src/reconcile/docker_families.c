/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_families.h"

#include <errno.h>
#include <string.h>

#include "diag.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "guard.h"
#include "guard_closed.h"
#include "guard_names.h"
#include "ipv6_links.h"
#include "read_set.h"
#include "snapshot_read.h"

/* DOCKER-USER, which shows whether a repair was there. */
static struct chain *select_user(const struct policy *policy, const struct snapshot *snapshot,
				 struct table **table)
{
	(void)policy;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct chain *chain;

		*table = snapshot_table(snapshot, (enum family)family, "filter");
		chain = table_chain(*table, DOCKER_USER);
		if (chain && !chain->loaded)
			return chain;
	}
	return NULL;
}

/* The chains that name Docker's bridges as well, where the names themselves do not show them. */
static struct chain *select_shown(const struct policy *policy, const struct snapshot *snapshot,
				    struct table **table)
{
	static const char *const names[] = { "FORWARD", "DOCKER-FORWARD" };

	*table = snapshot_table(snapshot, FAMILY_IPV4, "filter");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct chain *chain = table_chain(*table, names[i]);

		if (chain && !chain->loaded)
			return chain;
	}
	return select_user(policy, snapshot, table);
}

/* Sets the bridge to the first of these links that is one of Docker's, if none is set. */
static void find_bridge(struct policy *policy, const struct table *filter,
			const struct strings *links)
{
	for (size_t i = 0; i < links->n && !*policy->docker.bridge; i++)
		if (docker_has_bridge(filter, links->v[i]))
			memcpy(policy->docker.bridge, links->v[i],
			       strnlen(links->v[i], IFNAMSIZ - 1) + 1);
}

/*
 * Finds the bridge by its name among the links with an address, then among those to which a
 * route leads, which may be many to read. The links are then all to which the host forwards.
 */
static int find_links(struct policy *policy, struct strings *links)
{
	if (!ipv6_forwards()) {
		strings_clear(links);
		return 0;
	}
	find_bridge(policy, NULL, links);
	if (*policy->docker.bridge)
		return 0;
	if (ipv6_route_links(links)) {
		diag_error("cannot list the IPv6 routes of this host: %s", strerror(errno));
		return -1;
	}
	find_bridge(policy, NULL, links);
	return 0;
}

/* Adds the families in which Docker's own tables are for a network, and those with a guard. */
static int read_native(const struct backend_ops *nft, struct policy *policy)
{
	static const char *const native[] = { DOCKER_NFT_TABLE, GUARD_TABLE, NULL };
	const struct policy both = { .families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6 };
	struct snapshot *snapshot = NULL;

	if (snapshot_read(nft, &both, native, select_guard, &snapshot))
		return -1;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *guard = snapshot_table(snapshot, (enum family)family, GUARD_TABLE);
		struct strings bridges = { 0 };

		/* What --close-first has left, each repair takes out. */
		policy->docker.guards |= (unsigned int)(guard && !guard_is_foreign(guard) &&
							!guard_is_closed(guard)) << family;
		docker_native_bridges(snapshot, (enum family)family, &bridges);
		policy->docker.networks |= (unsigned int)(bridges.n > 0) << family;
		strings_clear(&bridges);
	}
	snapshot_free(snapshot);
	return 0;
}

static size_t marked_rules(const struct chain *chain)
{
	size_t n = 0;

	for (size_t i = 0; chain && i < chain->nrules; i++)
		n += rule_is_marked(chain->rules[i]);
	return n;
}

int docker_families_read(backend_list backends, enum backend_kind kind, struct policy *policy)
{
	static const char *const filter[] = { "filter", NULL };
	const struct backend_ops *ops = backends[kind];
	struct policy left_out = { .families = (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6) & ~policy->families };
	struct strings links = { 0 };
	struct snapshot *snapshot = NULL;
	bool bridges;
	int status = 0;

	memset(&policy->docker, 0, sizeof(policy->docker));
	if (ipv6_links(&links)) {
		diag_error("cannot list the IPv6 addresses of this host: %s", strerror(errno));
		return -1;
	}
	policy->docker.ipv6 = links.n > 0;
	if (find_links(policy, &links)) {
		strings_clear(&links);
		return -1;
	}
	bridges = links.n && !*policy->docker.bridge;
	if (left_out.families && read_native(backends[BACKEND_NFT], policy)) {
		strings_clear(&links);
		return -1;
	}
	/* The tables that a check reads say the rest. */
	if (bridges)
		left_out.families |= 1U << FAMILY_IPV4;
	if (left_out.families)
		status = snapshot_read(ops, &left_out, filter, bridges ? select_shown : select_user,
				       &snapshot);
	for (int family = 0; snapshot && family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, "filter");

		policy->docker.chains |= (unsigned int)docker_has_chains(snapshot, (enum family)family)
					 << family;
		policy->docker.laid[family] = marked_rules(table_chain(table, DOCKER_USER));
	}
	if (snapshot)
		find_bridge(policy, snapshot_table(snapshot, FAMILY_IPV4, "filter"), &links);
	snapshot_free(snapshot);
	strings_clear(&links);
	return status;
}
