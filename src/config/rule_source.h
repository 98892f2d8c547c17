/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_SOURCE_H
#define DOCKFW_RULE_SOURCE_H

#include "policy.h"

/* The texts of a configuration's rules, in their order, before they are parsed. */

struct rule_source {
	struct wanted_chain *chain;
	char *text;       /* owned */
	const char *file; /* the caller's */
	unsigned int line;
	size_t section; /* as in struct wanted_rule, like the next two */
	bool by_host, by_host_drop;
};

struct rule_sources {
	struct rule_source *v;
	size_t n, room;
};

/*
 * Takes ownership of text. section is that of struct wanted_rule. The pointer is valid until
 * the next one is added.
 */
struct rule_source *rule_sources_add(struct rule_sources *texts, struct wanted_chain *chain,
				     char *text, const char *file, unsigned int line,
				     size_t section);
void rule_sources_clear(struct rule_sources *texts);

#endif
