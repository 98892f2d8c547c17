/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_layout.h"

#include <string.h>

#include "docker_chains.h"
#include "util.h"

bool docker_has_chains(const struct snapshot *snapshot, enum family family)
{
	return docker_owns_any(snapshot_table(snapshot, family, "filter"));
}

/* A chain by itself may be a leftover that nothing leads to. */
static bool leads_to_docker(const struct table *filter)
{
	const struct chain *forward = table_chain(filter, "FORWARD");

	for (size_t i = 0; forward && i < forward->nrules; i++)
		if (rule_jumps(forward->rules[i]) && docker_owns_chain(forward->rules[i]->chain))
			return true;
	return false;
}

bool docker_is_elsewhere(const struct snapshot *snapshot, const struct snapshot *other)
{
	bool elsewhere = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *filter = snapshot_table(other, (enum family)family, "filter");

		if (docker_has_chains(snapshot, (enum family)family))
			return false;
		elsewhere |= filter && !filter->dormant && leads_to_docker(filter);
	}
	return elsewhere;
}

bool docker_has_nftables(const struct snapshot *snapshot, enum family family)
{
	return snapshot_table(snapshot, family, DOCKER_NFT_TABLE) != NULL;
}

/* The families with chains of Docker's, or with its own table, as bits. */
static unsigned int families_with(const struct snapshot *snapshot,
				  bool (*has)(const struct snapshot *, enum family))
{
	unsigned int families = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (has(snapshot, (enum family)family))
			families |= 1U << family;
	return families;
}

bool docker_is_native(const struct policy *policy, const struct snapshot *snapshot)
{
	if (families_with(snapshot, docker_has_chains) || policy->docker.chains)
		return families_with(snapshot, docker_has_nftables);
	return families_with(snapshot, docker_has_nftables) ||
	       policy->docker.firewall == FIREWALL_NFTABLES;
}

bool docker_decides_natively(const struct policy *policy, const struct snapshot *snapshot,
			     enum family family)
{
	return docker_has_nftables(snapshot, family) &&
	       (!docker_has_chains(snapshot, family) ||
		policy->docker.firewall == FIREWALL_NFTABLES);
}

bool docker_user_is_left(const struct table *filter)
{
	if (!table_chain(filter, DOCKER_USER))
		return false;
	for (size_t c = 0; c < filter->nchains; c++)
		for (size_t i = 0; i < filter->chains[c]->nrules; i++)
			if (rule_leads_to(filter->chains[c]->rules[i], DOCKER_USER))
				return true;
	return false;
}

/* Whether DOCKER-USER leads to a chain that others fill, which is only in filter. */
static bool leads_to_others(const struct policy *policy, enum family family)
{
	for (size_t i = 0; i < policy->nchains; i++)
		if (policy->chains[i]->filled_by == FILLED_BY_OTHERS &&
		    policy_needs_chain(policy, policy->chains[i], family))
			return true;
	return false;
}

static bool needs_user(const struct policy *policy, const struct snapshot *snapshot,
		       enum family family)
{
	return docker_has_chains(snapshot, family) || leads_to_others(policy, family) ||
	       docker_user_is_left(snapshot_table(snapshot, family, "filter"));
}

unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot)
{
	unsigned int anywhere = families_with(snapshot, docker_has_chains), held = 0;

	if (docker_is_native(policy, snapshot)) {
		for (int family = 0; family < FAMILY_COUNT; family++)
			if (needs_user(policy, snapshot, (enum family)family))
				held |= 1U << family;
		if (!anywhere || policy->docker.firewall == FIREWALL_NFTABLES)
			return policy->families & held;
	}
	if (!anywhere && !policy->docker.chains)
		return policy->families;
	held |= 1U << FAMILY_IPV4;
	if (*policy->docker.bridge)
		held |= 1U << FAMILY_IPV6;
	return policy->families & (anywhere | held);
}

unsigned int families_guarded_only(const struct policy *policy, const struct snapshot *snapshot)
{
	return docker_is_native(policy, snapshot)
		       ? policy->families & ~families_in_force(policy, snapshot) : 0;
}

void docker_native_bridges(const struct snapshot *snapshot, enum family family,
			   struct strings *bridges)
{
	const struct table *table = snapshot_table(snapshot, family, DOCKER_NFT_TABLE);
	size_t length = strlen(DOCKER_NFT_BRIDGE);

	for (size_t c = 0; table && c < table->nchains; c++) {
		const char *name = table->chains[c]->name;

		if (!strncmp(name, DOCKER_NFT_BRIDGE, length) && name[length] &&
		    strlen(name + length) < IFNAMSIZ && !strings_has(bridges, name + length))
			strings_add(bridges, name + length);
	}
}

static bool names_interface(const struct interface *iface, bool invert, const char *name)
{
	return iface->mask[0] && !invert && !strncmp(iface->name, name, IFNAMSIZ);
}

bool docker_has_bridge(const struct table *filter, const char *name)
{
	const struct chain *forward = table_chain(filter, "FORWARD");
	const struct chain *own = table_chain(filter, "DOCKER-FORWARD");

	if (docker_names_bridge(name))
		return true;
	/* Up to 28.0.0 each bridge has a jump in FORWARD, then an accept in DOCKER-FORWARD. */
	for (size_t i = 0; forward && i < forward->nrules; i++)
		if (forward->rules[i]->chain && docker_owns_chain(forward->rules[i]->chain) &&
		    names_interface(&forward->rules[i]->out, forward->rules[i]->invert & INV_OUT, name))
			return true;
	for (size_t i = 0; own && i < own->nrules; i++)
		if (own->rules[i]->verdict == VERDICT_ACCEPT &&
		    names_interface(&own->rules[i]->in, own->rules[i]->invert & INV_IN, name))
			return true;
	return false;
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

/* ---- Docker's own table ---- */

/* The base chains of the table, with the fewest rules that dockerd puts into them. */
static const struct {
	const char *name;
	size_t rules;
} native_chains[] = {
	{ DOCKER_NFT_FORWARD, 2 }, { DOCKER_NFT_PREROUTING, 1 }, { "nat-OUTPUT", 1 },
	{ "nat-POSTROUTING", 2 },  { "raw-PREROUTING", 0 },
};

struct chain *docker_native_in_doubt(const struct snapshot *snapshot, struct table **table)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		*table = snapshot_table(snapshot, (enum family)family, DOCKER_NFT_TABLE);
		for (size_t i = 0; i < ARRAY_SIZE(native_chains); i++) {
			struct chain *chain = table_chain(*table, native_chains[i].name);

			if (chain && !chain->loaded && native_chains[i].rules)
				return chain;
		}
	}
	return NULL;
}

char *docker_native_gone(const struct table *table)
{
	if (!table)
		return xstrdup("its own nf_tables table '" DOCKER_NFT_TABLE "'");
	if (table->dormant)
		return xstrdup("an active table '" DOCKER_NFT_TABLE "', which is dormant");
	for (size_t i = 0; i < ARRAY_SIZE(native_chains); i++) {
		const struct chain *chain = table_chain(table, native_chains[i].name);

		if (!chain || !chain->foreign_base)
			return xasprintf("the base chain %s of its table '" DOCKER_NFT_TABLE "'",
					 native_chains[i].name);
		if (chain->nrules < native_chains[i].rules)
			return xasprintf("the rules of chain %s of its table '" DOCKER_NFT_TABLE "'",
					 native_chains[i].name);
	}
	return NULL;
}
