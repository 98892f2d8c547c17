/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_TEXTS_H
#define DOCKFW_RULE_TEXTS_H

#include <stdio.h>

#include "edit.h"
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

/* The text of the rule that decided, of whatever kind it is; the caller frees it. */
char *decider_rule_text(const struct named_rules *texts, const struct decider *by);

/*
 * "filter DOCKER-USER 2: -p tcp -j REJECT", "filter FORWARD policy DROP", or
 * the reason; the caller frees it.
 */
char *decider_text(const struct named_rules *texts, const struct decider *by);

/*
 * Sets the texts of the edits' rules, in the order of the edits; NULL for chains. The caller
 * frees each. Returns 0, or -1 after reporting why the rules cannot be printed: then their texts are
 * NULL as well.
 */
int edits_texts(const struct edits *edits, char **texts);
/*
 * Prints one edit, without a newline: "insert ipv4 filter DOCKER-USER 1: -s 192.0.2.1/32 -j
 * DROP", "drop ipv4 filter OFFICE". rule is its text of edits_texts().
 */
void edit_put(FILE *out, const struct edit *edit, const char *rule);

#endif
