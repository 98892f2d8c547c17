/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_direct.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static bool is_pattern(const char *name)
{
	return name[strlen(name) - 1] == '+';
}

bool direct_needs_net(const struct policy *policy)
{
	if (!policy->bridges.n)
		return false;
	for (size_t i = 0; i < policy->outside.n; i++)
		if (is_pattern(policy->outside.v[i]))
			return true;
	return !policy->outside.n;
}

/* Whether the pattern is also for the bridge, or for a port of it; NULL: for all. */
static bool covers(const char *pattern, const struct netinfo *net, const struct netif *bridge)
{
	struct interface wanted;

	if (!pattern)
		return true;
	if (!interface_set(&wanted, pattern))
		return false;
	for (size_t i = 0; i < net->nifs; i++)
		if ((&net->ifs[i] == bridge || net->ifs[i].master == bridge->index) &&
		    interface_matches(&wanted, false, net->ifs[i].name))
			return true;
	return false;
}

/* Containers are on every bridge, and "br+" is for each of them: what else is on it counts. */
static bool may_lead_outside(const char *pattern, const struct netinfo *net, const char *name)
{
	const struct netif *bridge = net ? netinfo_if(net, name) : NULL;

	return bridge && netinfo_bridges_outside(net, bridge) && covers(pattern, net, bridge);
}

/* Why what comes in by the bridge is from outside, as an end of a sentence, or NULL. */
static char *why_outside(const struct policy *policy, const struct links *links,
			 const struct netinfo *net, const char *bridge)
{
	if (!policy->outside.n && may_lead_outside(NULL, net, bridge))
		return xstrdup("which may lead outside");
	for (size_t i = 0; i < policy->outside.n; i++) {
		const char *name = policy->outside.v[i];
		const struct link *link = links_find(links, name);

		if (!strcmp(name, bridge) || (link && !strcmp(link->name, bridge)))
			return xstrdup("which outside names");
		if (link && !strcmp(link->master, bridge))
			return xasprintf("whose port '%s' outside names", name);
		if (is_pattern(name) && may_lead_outside(name, net, bridge))
			return xstrdup("which may lead outside");
	}
	return NULL;
}

static const struct remedy own_bridge = {
	"move Docker's network to a bridge of its own; or refuse what comes in by the other port of "
	"this one in DOCKER-USER, with -m physdev --physdev-in, where bridge-nf-call-iptables is 1",
	RUN_NONE, NULL,
};

void check_direct(const struct policy *policy, const struct links *links,
		  const struct netinfo *net, struct findings *findings)
{
	for (size_t i = 0; i < policy->bridges.n; i++) {
		const char *bridge = policy->bridges.v[i];
		char *why = why_outside(policy, links, net, bridge);

		if (!why)
			continue;
		findings_add(findings, RULE_NOT_EVALUATED, SEVERITY_WARNING, FAMILY_COUNT,
			     xasprintf("direct = \"refuse\" does not refuse what a port of the bridge '%s', %s, "
				       "passes to Docker's containers on that bridge (%s:%u)", bridge, why,
				       policy->direct_file ? policy->direct_file : "",
				       policy->direct_line))->remedy = &own_bridge;
		free(why);
	}
}
