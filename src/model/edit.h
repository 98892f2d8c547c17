/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EDIT_H
#define DOCKFW_EDIT_H

#include "ruleset.h"

/*
 * One change of a table. A list of edits is carried out in order, each on what
 * those before it left, as a list of iptables commands would be; positions
 * count from 1.
 */
enum edit_op {
	EDIT_CREATE, /* a chain: of the user's, or a builtin one (its base chain, and the table) */
	EDIT_INSERT, /* rule becomes the one at position; position = rules + 1 appends */
	EDIT_DELETE, /* the rule at position, which is rule */
	EDIT_DROP,   /* a chain, which is empty by then and called by none */
};

/* "create", "insert", "delete", "drop". */
const char *edit_op_name(enum edit_op op);

struct edit {
	enum edit_op op;
	enum family family;
	char *table; /* owned, as are chain and rule */
	char *chain;
	size_t position;
	struct rule *rule;
};

struct edits {
	struct edit *v;
	size_t n, room;
};

/* Each copies what it is given. */
void edits_chain(struct edits *edits, enum edit_op op, enum family family,
		 const char *table, const char *chain);
void edits_rule(struct edits *edits, enum edit_op op, enum family family,
		const char *table, const char *chain, size_t position, const struct rule *rule);
void edits_clear(struct edits *edits);

#endif
