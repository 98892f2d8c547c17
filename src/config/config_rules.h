/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_RULES_H
#define DOCKFW_CONFIG_RULES_H

#include "policy.h"

/* The configured texts to rules of the families that can hold them. */

#define CONFIG_RULES_LIMIT 65536 /* texts of one configuration */

/* A text as it is written, before it is a rule. */
struct rule_source {
	struct wanted_chain *chain;
	char *text;       /* owned */
	const char *file; /* of the caller's */
	unsigned int line;
};

struct rule_sources {
	struct rule_source *v;
	size_t n, room;
};

/* Takes over text. */
void rule_sources_add(struct rule_sources *texts, struct wanted_chain *chain, char *text,
		      const char *file, unsigned int line);
void rule_sources_clear(struct rule_sources *texts);

/* Why no chain section may have that name (a constant), or NULL. */
const char *config_chain_fault(const char *name);
/* Whether the chains' names are ones that a section may have. Returns -1, said. */
int config_chain_names(const struct policy *policy);

/*
 * Parses every text and adds what it gives to its chain, in order, in each
 * family of the policy that can hold it. Returns -1 where a text is refused,
 * or where the rules lead round in a loop: all of it is said.
 */
int config_rules(struct policy *policy, const struct rule_sources *texts);

#endif
