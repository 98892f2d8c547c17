/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_TEXTS_H
#define DOCKFW_RULE_TEXTS_H

#include "walk.h"

/* The texts of the rules that a report names, all printed at once. */

struct named_rule {
	const struct rule *rule;
	char *text; /* owned */
};

struct named_rules {
	struct named_rule *v; /* owned */
	size_t n, room;
};

/*
 * Call it before named_rules_make(). The rule is borrowed; it may be NULL, and may be
 * added more than once.
 */
void named_rules_add(struct named_rules *texts, const struct rule *rule);
/* Prints the texts. Returns 0, or -1 after reporting that libxtables could not be run. */
int named_rules_make(struct named_rules *texts);
void named_rules_clear(struct named_rules *texts);
/* The text of a rule that was added. It lives as long as texts. */
const char *named_rules_find(const struct named_rules *texts, const struct rule *rule);

/*
 * "filter DOCKER-USER 2: -p tcp -j REJECT", "filter FORWARD policy DROP", or
 * the reason; the caller frees it.
 */
char *decider_text(const struct named_rules *texts, const struct decider *by);

#endif
