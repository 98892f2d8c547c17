/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_docker.h"

#include "docker_chains.h"
#include "docker_layout.h"
#include "guard.h"
#include "util.h"

static bool manages(const struct dockerd *dockerd, enum family family, const struct table *filter,
		    const struct table *nat)
{
	if (family == FAMILY_IPV4)
		return dockerd->iptables != FLAG_OFF;
	if (dockerd->ip6tables != FLAG_UNSET)
		return dockerd->ip6tables == FLAG_ON;
	/* The default changed in 27.0, so only the chains that are left show what applies. */
	return docker_owns_any(filter) || docker_owns_any(nat);
}

/* Whether a setting that could not be read may tell dockerd to leave the family alone. */
static bool is_doubtful(const struct dockerd *dockerd, enum family family)
{
	return dockerd->doubt && FLAG_UNSET == (family == FAMILY_IPV4 ? dockerd->iptables
								      : dockerd->ip6tables);
}

static void check_chains(const struct snapshot *snapshot, const struct dockerd *dockerd,
			 enum family family, struct findings *findings)
{
	const struct table *filter = snapshot_table(snapshot, family, "filter");
	const struct table *nat = snapshot_table(snapshot, family, "nat");
	const char *gone;

	if (!manages(dockerd, family, filter, nat))
		return;
	gone = docker_what_is_gone(filter, nat);
	if (!gone)
		return;
	if (is_doubtful(dockerd, family))
		findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_UNKNOWN, family,
			     xasprintf("dockerd runs without %s, and it is not known whether it should have them: %s",
				       gone, dockerd->doubt));
	else
		findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_CRITICAL, family,
			     xasprintf("dockerd runs without %s: published ports do not work",
				       gone));
}

static const struct remedy install_guard = { "run: ", true, NULL };

/* There only the guard holds the rules, if it can hold all of them. */
static void check_nftables(const struct policy *policy, const struct snapshot *snapshot,
			   enum family family, struct findings *findings)
{
	struct guard guard;
	size_t held, left_out;
	bool right = guard_state(policy, snapshot, snapshot, family) == GUARD_RIGHT;

	guard_make(&guard, policy, snapshot, family);
	held = guard.n;
	left_out = guard.left_out;
	guard_clear(&guard);
	if (right && held && !left_out)
		return;
	if (right && held)
		findings_add(findings, DOCKER_NFTABLES, SEVERITY_WARNING, family,
			     xasprintf("Docker filters in its own nf_tables table '%s', where %s is never evaluated; %zu configured rule%s with a state or an effect cannot be held by the guard",
				       DOCKER_NFT_TABLE, DOCKER_USER, left_out,
				       left_out == 1 ? "" : "s"))->repairable = false;
	else if (held)
		findings_add(findings, DOCKER_NFTABLES, SEVERITY_UNKNOWN, family,
			     xasprintf("Docker filters in its own nf_tables table '%s', where %s is never evaluated: no configured rule is in force",
				       DOCKER_NFT_TABLE, DOCKER_USER))->remedy = &install_guard;
	else
		findings_add(findings, DOCKER_NFTABLES, SEVERITY_UNKNOWN, family,
			     xasprintf("Docker filters in its own nf_tables table '%s', where %s is never evaluated: no configured rule is in force",
				       DOCKER_NFT_TABLE, DOCKER_USER))->repairable = false;
}

void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct dockerd *dockerd, struct findings *findings)
{
	bool nftables = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!docker_has_nftables(snapshot, (enum family)family))
			continue;
		nftables = true;
		check_nftables(policy, snapshot, (enum family)family, findings);
	}
	if (nftables || !dockerd->running)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (policy->families & (1U << family))
			check_chains(snapshot, dockerd, (enum family)family, findings);
}
