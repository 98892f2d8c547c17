/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_chains.h"

#include <string.h>

#include "util.h"

/* In filter and nat, each with the releases that create it. */
static const char *const docker_names[] = {
	"DOCKER",                   /* all */
	"DOCKER-ISOLATION",         /* up to 18.03 */
	"DOCKER-ISOLATION-STAGE-1", /* 18.06 to 28 */
	"DOCKER-ISOLATION-STAGE-2",
	"DOCKER-INGRESS",           /* in a swarm */
	"DOCKER-OVERLAY",           /* older ones, for some overlay networks */
	DOCKER_FORWARD,             /* since 28.0.1, like the next two */
	"DOCKER-BRIDGE",
	"DOCKER-CT",
	"DOCKER-INTERNAL",          /* since 29 */
};

bool docker_owns_chain(const char *name)
{
	if (strncmp(name, "DOCKER", 6))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(docker_names); i++)
		if (!strcmp(name, docker_names[i]))
			return true;
	return false;
}

bool docker_owns_any(const struct table *table)
{
	for (size_t c = 0; table && c < table->nchains; c++)
		if (docker_owns_chain(table->chains[c]->name))
			return true;
	return false;
}

bool docker_names_bridge(const char *name)
{
	return !strcmp(name, "docker0") || !strcmp(name, "docker_gwbridge") ||
	       (!strncmp(name, "br-", 3) && strlen(name) == 15 &&
		strspn(name + 3, "0123456789abcdef") == 12);
}

static bool is_plain_return(const struct rule *rule)
{
	return rule->verdict == VERDICT_RETURN && !rule->nmatches && rule_unconditional(rule);
}

bool docker_is_closing(const struct chain *chain, size_t index)
{
	if (strcmp(chain->name, DOCKER_USER) || !is_plain_return(chain->rules[index]))
		return false;
	for (size_t i = index + 1; i < chain->nrules; i++)
		if (is_plain_return(chain->rules[i]))
			return false;
	return true;
}
