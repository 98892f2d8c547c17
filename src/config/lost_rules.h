/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LOST_RULES_H
#define DOCKFW_LOST_RULES_H

#include "policy.h"

/*
 * Rules that cannot be parsed since the kernel lacks something that they name: a set. The
 * text may be right, and the set may come later, so this is not an error in the configuration.
 */

/* What a text was lost for, in one family. */
struct lost_rule {
	struct wanted_chain *chain;
	enum family family;
	size_t place; /* the number of rules of the chain before it */
	const char *text, *file; /* the caller's */
	unsigned int line;
	char *why; /* owned */
};

struct lost_rules {
	struct lost_rule *v;
	size_t n, room;
};
void lost_rules_clear(struct lost_rules *lost);

/* Whether an error of libxtables only says that a set is missing; error may be NULL. */
bool lost_by_set(const char *error);
/* Notes that the chain would have the rule after those that it has now; copies error. */
void lost_rules_add(struct lost_rules *lost, struct wanted_chain *chain, enum family family,
		    const char *text, const char *file, unsigned int line, const char *error);

/*
 * Adds the lost rules to those that the policy lists as refused, and puts in their places
 * what on-error says, once all other rules of the policy are parsed.
 */
void lost_rules_settle(struct lost_rules *lost, struct policy *policy);

#endif
