/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static bool owns_any(const struct table *table)
{
	for (size_t c = 0; table && c < table->nchains; c++)
		if (docker_owns_chain(table->chains[c]->name))
			return true;
	return false;
}

bool docker_has_chains(const struct snapshot *snapshot, enum family family)
{
	return owns_any(snapshot_table(snapshot, family, "filter"));
}

bool docker_has_nftables(const struct snapshot *snapshot, enum family family)
{
	return snapshot_table(snapshot, family, DOCKER_NFT_TABLE) != NULL;
}

unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot)
{
	unsigned int anywhere = 0;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (docker_has_nftables(snapshot, (enum family)family))
			return 0;
		if (docker_has_chains(snapshot, (enum family)family))
			anywhere |= 1U << family;
	}
	if (!anywhere)
		return policy->families;
	return policy->families & (anywhere | 1U << FAMILY_IPV4);
}

/* Whether a rule of that chain leads to a chain of Docker's; it does so directly. */
static bool calls_docker(const struct table *table, const char *name)
{
	const struct chain *chain = table_chain(table, name);

	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (chain->rules[i]->chain && docker_owns_chain(chain->rules[i]->chain))
			return true;
	return false;
}

/*
 * What dockerd makes in each family that it manages: chains in filter and nat,
 * and calls of them in FORWARD and PREROUTING. Returns what is gone, or NULL.
 */
static const char *what_is_gone(const struct table *filter, const struct table *nat)
{
	bool chains = owns_any(filter), nat_chains = owns_any(nat);

	if (!chains && !nat_chains)
		return "Docker's chains in filter and nat";
	if (!chains)
		return "Docker's chains in filter";
	if (!nat_chains)
		return "Docker's chains in nat";
	if (!calls_docker(filter, "FORWARD"))
		return "the calls of Docker's chains in FORWARD";
	if (!calls_docker(nat, "PREROUTING"))
		return "the call of Docker's chain in nat PREROUTING";
	return NULL;
}

static bool manages(const struct docker *docker, enum family family, const struct table *filter,
		    const struct table *nat)
{
	if (family == FAMILY_IPV4)
		return docker->iptables != SETTING_OFF;
	if (docker->ip6tables != SETTING_UNSAID)
		return docker->ip6tables == SETTING_ON;
	/* The default changed in 27.0, so only what is left of it tells. */
	return owns_any(filter) || owns_any(nat);
}

static void check_chains(const struct snapshot *snapshot, const struct docker *docker,
			 enum family family, struct findings *findings)
{
	const struct table *filter = snapshot_table(snapshot, family, "filter");
	const struct table *nat = snapshot_table(snapshot, family, "nat");
	struct finding *finding;
	const char *gone;

	if (!manages(docker, family, filter, nat))
		return;
	gone = what_is_gone(filter, nat);
	if (!gone)
		return;
	finding = findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_CRITICAL,
			       xasprintf("dockerd runs without %s: no published port works as Docker made it",
					 gone));
	finding->has_family = true;
	finding->family = family;
}

void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct docker *docker, struct findings *findings)
{
	bool nftables = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct finding *finding;

		if (!docker_has_nftables(snapshot, (enum family)family))
			continue;
		nftables = true;
		finding = findings_add(findings, DOCKER_NFTABLES, SEVERITY_UNKNOWN,
				       xasprintf("Docker filters in its own nf_tables table '%s', which asks no %s: no configured rule is in force",
						 DOCKER_NFT_TABLE, DOCKER_USER));
		finding->has_family = true;
		finding->family = (enum family)family;
	}
	if (nftables || !docker->running)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (policy->families & (1U << family))
			check_chains(snapshot, docker, (enum family)family, findings);
}
