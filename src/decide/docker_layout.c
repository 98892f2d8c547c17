/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_layout.h"

#include <string.h>

#include "docker_chains.h"
#include "util.h"

bool docker_has_chains(const struct snapshot *snapshot, enum family family)
{
	return docker_owns_any(snapshot_table(snapshot, family, "filter"));
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

/* Whether a rule of the chain leads directly to a chain of Docker's: to one, or if NULL to any. */
static bool jumps_to_docker(const struct table *table, const char *name, const char *one)
{
	const struct chain *chain = table_chain(table, name);

	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (chain->rules[i]->chain && docker_owns_chain(chain->rules[i]->chain) &&
		    (!one || !strcmp(chain->rules[i]->chain, one)))
			return true;
	return false;
}

/* The chains in which dockerd up to 27 puts a RETURN when it starts; one per release. */
static const char *const isolation[] = { "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION" };

/*
 * Up to 27 dockerd creates a family's chains when it starts, but adds the jumps only
 * when the family gets a network; for an internal network, only the jump to the
 * isolation chain. 27 does this for IPv6 on every host, though few have an IPv6
 * network. A flush leaves the same state, except that the RETURN in the isolation
 * chain is gone.
 */
static bool may_have_no_network(const struct table *filter, const struct table *nat)
{
	return nat && !table_chain(filter, "DOCKER-FORWARD") &&
	       !jumps_to_docker(filter, "FORWARD", "DOCKER") && !jumps_to_docker(nat, "PREROUTING", NULL);
}

struct chain *docker_chain_in_doubt(struct table *filter, struct table *nat, struct table **table)
{
	const struct {
		struct table *table;
		const char *name;
	} chains[] = { { filter, isolation[0] }, { filter, isolation[1] },
		       { filter, "DOCKER" }, { nat, "DOCKER" } };

	for (size_t i = 0; i < ARRAY_SIZE(chains) && may_have_no_network(filter, nat); i++) {
		struct chain *chain = table_chain(chains[i].table, chains[i].name);

		*table = chains[i].table;
		if (chain && !chain->loaded)
			return chain;
	}
	return NULL;
}

static bool has_rules(const struct table *table, const char *name)
{
	const struct chain *chain = table_chain(table, name);

	return chain && chain->nrules;
}

static bool has_no_network(const struct table *filter, const struct table *nat)
{
	return may_have_no_network(filter, nat) && !has_rules(filter, "DOCKER") &&
	       !has_rules(nat, "DOCKER") &&
	       (has_rules(filter, isolation[0]) || has_rules(filter, isolation[1]));
}

const char *docker_what_is_gone(const struct table *filter, const struct table *nat)
{
	/* Every release has this one; other programs' chains may have names that start like it. */
	bool chains = table_chain(filter, "DOCKER"), nat_chains = table_chain(nat, "DOCKER");

	if (!chains && !nat_chains)
		return "Docker's chains in filter and nat";
	if (!chains)
		return "Docker's chains in filter";
	if (!nat_chains)
		return "Docker's chains in nat";
	if (has_no_network(filter, nat))
		return NULL;
	if (!jumps_to_docker(filter, "FORWARD", NULL))
		return "the jumps to Docker's chains in FORWARD";
	if (!jumps_to_docker(nat, "PREROUTING", NULL))
		return "the jump to Docker's chain in nat PREROUTING";
	return NULL;
}
