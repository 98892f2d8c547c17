/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_chains.h"

#include <string.h>

bool docker_owns_chain(const char *name)
{
	if (strncmp(name, "DOCKER", 6))
		return false;
	return !name[6] || (name[6] == '-' && strcmp(name, DOCKER_USER));
}

bool docker_owns_any(const struct table *table)
{
	for (size_t c = 0; table && c < table->nchains; c++)
		if (docker_owns_chain(table->chains[c]->name))
			return true;
	return false;
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
