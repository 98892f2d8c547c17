/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_families.h"

#include <stdlib.h>

#include "docker_chains.h"
#include "guard_names.h"
#include "util.h"

static bool is_left_out(const struct policy *policy, enum family family)
{
	return policy->listed && !(policy->listed & 1U << family);
}

static const struct remedy add_or_remove[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { "add ipv4 to families, or take it out: ", RUN_REMOVE, " -4" },
	[FAMILY_IPV6] = { "add ipv6 to families, or take it out: ", RUN_REMOVE, " -6" },
};

/* Takes ownership of what. */
static void add_left_out(const struct policy *policy, struct findings *findings, enum family family,
			 char *what)
{
	bool laid = policy->docker.laid[family] || policy->docker.guards & 1U << family;

	findings_add(findings, FAMILY_LEFT_OUT, SEVERITY_WARNING, family,
		     xasprintf("families leaves out %s, though %s: %s", family_title(family), what,
			       laid ? "no repair keeps what an earlier one has put in force there"
				    : "no configured rule is in force there"));
	free(what);
}

/* Takes ownership of the message. */
static void add_left(struct findings *findings, enum finding_id id, enum family family, char *message)
{
	struct finding *finding = findings_add(findings, id, SEVERITY_WARNING, family, message);

	finding->remedy = &add_or_remove[family];
	finding->repairable = false;
}

/* What was laid before goes on refusing, whatever is configured now. */
void check_left_families(const struct policy *policy, struct findings *findings)
{
	for (int f = 0; f < FAMILY_COUNT; f++) {
		enum family family = (enum family)f;
		size_t n = policy->docker.laid[family];

		if (!is_left_out(policy, family))
			continue;
		if (n)
			add_left(findings, RULE_STALE, family,
				 xasprintf(DOCKER_USER " holds %zu rule%s of dockfw-check, though families leaves out %s",
					   n, n == 1 ? "" : "s", family_title(family)));
		if (policy->docker.guards & 1U << family)
			add_left(findings, GUARD_DIFFERS, family,
				 xasprintf("the table %s " GUARD_TABLE " is there, though families leaves out %s",
					   family == FAMILY_IPV4 ? "ip" : "ip6", family_title(family)));
	}
}

void check_families(const struct policy *policy, struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!is_left_out(policy, (enum family)family))
			continue;
		if ((policy->docker.chains | policy->docker.networks) & 1U << family)
			add_left_out(policy, findings, (enum family)family, xstrdup("Docker has chains in it"));
		else if (family == FAMILY_IPV6 && *policy->docker.bridge)
			add_left_out(policy, findings, (enum family)family,
				     xasprintf("the host forwards to Docker's bridge %s in it",
					       policy->docker.bridge));
	}
}

void check_proxied_families(const struct policy *policy, const struct proxies *proxies,
			    struct findings *findings)
{
	bool listens = false;

	for (size_t i = 0; i < proxies->n; i++)
		listens |= proxies->v[i].family == FAMILY_IPV6 && proxies->v[i].host != 1;
	if (listens && policy->docker.ipv6 && is_left_out(policy, FAMILY_IPV6) &&
	    !findings_count(findings, FAMILY_LEFT_OUT, FAMILY_IPV6))
		add_left_out(policy, findings, FAMILY_IPV6, xstrdup("docker-proxy listens in it"));
}
