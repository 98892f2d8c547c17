/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_docker.h"

#include <stdlib.h>

#include "closing.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "guard.h"
#include "guard_names.h"
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

static const struct remedy restart = {
	"run: systemctl restart docker", RUN_NONE, NULL,
};
static const struct remedy restart_native = {
	"only dockerd can make its tables: run: systemctl restart docker", RUN_NONE, NULL,
};
static const struct remedy restarted = {
	"a repair restarts Docker, at most once an hour; or run: systemctl restart docker", RUN_NONE, NULL,
};

/* What brings the chains back, by docker-recovery; NULL: the remedy of the finding's id. */
static const struct remedy *recovery(const struct policy *policy, bool native)
{
	if (policy->recovery == RECOVERY_RESTART)
		return &restarted;
	if (native)
		return &restart_native;
	return policy->recovery == RECOVERY_NONE ? &restart : NULL;
}

/* gone: the part that is missing, as a phrase. */
static struct finding *finding_of(const struct dockerd *dockerd, enum family family,
				  const char *gone, struct findings *findings)
{
	if (!dockerd->running)
		return findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_UNKNOWN, family,
			xasprintf("it is not known whether dockerd runs, which /proc hides; if it does, it is without %s: published ports do not work",
				  gone));
	if (is_doubtful(dockerd, family))
		return findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_UNKNOWN, family,
			xasprintf("dockerd runs without %s, and it is not known whether it should have them: %s",
				  gone, dockerd->doubt));
	return findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_CRITICAL, family,
		xasprintf("dockerd runs without %s: published ports do not work, or docker-proxy answers on them, past DOCKER-USER",
			  gone));
}

static void add_missing(const struct policy *policy, const struct dockerd *dockerd,
			enum family family, const char *gone, bool native,
			struct findings *findings)
{
	struct finding *finding = finding_of(dockerd, family, gone, findings);
	const struct remedy *remedy = recovery(policy, native);

	if (remedy)
		finding->remedy = remedy;
}

static void check_chains(const struct policy *policy, const struct snapshot *snapshot,
			 const struct dockerd *dockerd, enum family family,
			 struct findings *findings)
{
	const struct table *filter = snapshot_table(snapshot, family, "filter");
	const struct table *nat = snapshot_table(snapshot, family, "nat");
	const char *gone;

	if (!manages(dockerd, family, filter, nat))
		return;
	gone = docker_what_is_gone(filter, nat);
	if (gone)
		add_missing(policy, dockerd, family, gone, false, findings);
}

/* ---- Docker's own tables ---- */

/* Every dockerd that has such tables manages IPv6, unless a setting forbids it. */
static void check_native_chains(const struct policy *policy, const struct snapshot *snapshot,
				const struct dockerd *dockerd, enum family family,
				struct findings *findings)
{
	enum flag flag = family == FAMILY_IPV4 ? dockerd->iptables : dockerd->ip6tables;
	char *gone;

	if (flag == FLAG_OFF)
		return;
	gone = docker_native_gone(snapshot_table(snapshot, family, DOCKER_NFT_TABLE));
	if (gone)
		add_missing(policy, dockerd, family, gone, true, findings);
	free(gone);
}

static const struct remedy install_guard = { "run: ", RUN_REPAIR, NULL };
static const struct remedy turn_on = {
	"set guard = \"auto\", or run dockerd with --firewall-backend=iptables", RUN_NONE, NULL,
};
static const struct remedy rename_table = {
	"rename the table of another program, or run dockerd with --firewall-backend=iptables",
	RUN_NONE, NULL,
};
/* Whether the guard is right, where nothing else that Docker keeps can hold the rules. */
static void check_native(const struct policy *policy, const struct snapshot *snapshot,
			 const struct snapshot *own, enum family family, struct findings *findings)
{
	enum guard_state state = guard_state(policy, snapshot, own, family);
	const struct remedy *owner = guard_owner_remedy(own ? snapshot_table(own, family, GUARD_TABLE)
							   : NULL);
	struct finding *finding;

	if ((!policy_rules(policy, family) && !policy->input[family].n) ||
	    (policy->guard != GUARD_OFF && (state == GUARD_RIGHT || state == GUARD_NONE)))
		return;
	finding = findings_add(findings, DOCKER_NFTABLES, SEVERITY_CRITICAL, family,
		xasprintf("Docker filters in its own nf_tables table '%s', without %s: only the guard can hold the rules there, and %s",
			  DOCKER_NFT_TABLE, DOCKER_USER,
			  policy->guard == GUARD_OFF ? "guard = \"off\" leaves it out"
			  : state == GUARD_FOREIGN ? "its table is another program's"
			  : state == GUARD_WRONG ? "it is not as configured" : "it is missing"));
	finding->repairable = policy->guard != GUARD_OFF && state != GUARD_FOREIGN && !owner;
	finding->remedy = policy->guard == GUARD_OFF ? &turn_on : owner ? owner
			  : finding->repairable ? &install_guard : &rename_table;
}

void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct dockerd *dockerd, struct findings *findings)
{
	bool native = docker_is_native(policy, snapshot), chains = false;

	/* Nothing is gone: check_split() says where it is. */
	if (policy->docker.elsewhere)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		chains |= docker_has_chains(snapshot, (enum family)family);
	if (chains && policy->docker.firewall != FIREWALL_NFTABLES)
		native = false;
	for (int family = 0; family < FAMILY_COUNT && dockerd_counts(dockerd); family++) {
		if (!(policy->families & (1U << family)))
			continue;
		if (native)
			check_native_chains(policy, snapshot, dockerd, (enum family)family, findings);
		else
			check_chains(policy, snapshot, dockerd, (enum family)family, findings);
	}
}

static const struct remedy name_bridges = {
	"let dockerd make its rules (\"iptables\": true), or leave the names of its bridges to it",
	RUN_NONE, NULL,
};

/* Where its chains are gone, that is reported already; a host without networks has chains. */
void check_docker_bridges(const struct policy *policy, const struct snapshot *snapshot,
			  const struct dockerd *dockerd, struct findings *findings)
{
	struct finding *finding;

	if (!dockerd->running || !closing_has_no_bridge(policy) ||
	    findings_count(findings, DOCKER_CHAINS_MISSING, FAMILY_COUNT))
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (docker_has_chains(snapshot, (enum family)family) ||
		    docker_has_nftables(snapshot, (enum family)family))
			return;
	finding = findings_add(findings, DOCKER_CHAINS_MISSING, SEVERITY_WARNING, FAMILY_COUNT,
			       xstrdup("dockerd runs without chains that name its bridges, and none has a name "
				       "of Docker's: direct = \"refuse\" refuses nothing"));
	finding->remedy = &name_bridges;
}

void check_docker_native(const struct policy *policy, const struct snapshot *snapshot,
			 const struct snapshot *own, struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (policy->families & 1U << family &&
		    docker_decides_natively(policy, snapshot, (enum family)family))
			check_native(policy, snapshot, own, (enum family)family, findings);
}
