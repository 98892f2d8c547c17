/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_families.h"

#include <stdlib.h>

#include "util.h"

static bool is_left_out(const struct policy *policy, enum family family)
{
	return policy->listed && !(policy->listed & 1U << family);
}

/* Takes ownership of what. */
static void add_left_out(struct findings *findings, enum family family, char *what)
{
	findings_add(findings, FAMILY_LEFT_OUT, SEVERITY_WARNING, family,
		     xasprintf("families leaves out %s, though %s: no configured rule is in force there",
			       family_title(family), what));
	free(what);
}

void check_families(const struct policy *policy, struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!is_left_out(policy, (enum family)family))
			continue;
		if ((policy->docker.chains | policy->docker.networks) & 1U << family)
			add_left_out(findings, (enum family)family, xstrdup("Docker has chains in it"));
		else if (family == FAMILY_IPV6 && *policy->docker.bridge)
			add_left_out(findings, (enum family)family,
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
		add_left_out(findings, FAMILY_IPV6, xstrdup("docker-proxy listens in it"));
}
