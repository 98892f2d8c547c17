/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EDIT_H
#define DOCKFW_EDIT_H

#include "ruleset.h"

/*
 * One change to a table. A list of edits is applied in order, each to the result of
 * the previous ones, like a list of iptables commands; positions count from 1.
 */
enum edit_op {
	EDIT_CREATE, /* a chain: user-defined, or a builtin one (the base chain, and the table) */
	EDIT_INSERT, /* puts rule at position; position = rules + 1 appends */
	EDIT_DELETE, /* deletes the rule at position, which is rule */
	EDIT_DROP,   /* deletes a chain, which is empty and unreferenced by then */
	/*
	 * Deletes a table of nf_tables with all that is in it; chain is NULL. Edits that
	 * follow create it anew.
	 */
	EDIT_DROP_TABLE,
};

/* "create", "insert", "delete", "drop", "drop-table". */
const char *edit_op_name(enum edit_op op);

struct edit {
	enum edit_op op;
	enum family family;
	char *table; /* owned, as are chain (NULL for a table) and rule */
	char *chain;
	size_t position;
	struct rule *rule;
};

struct edits {
	struct edit *v;
	size_t n, room;
};

/* All copy their arguments. */
void edits_table(struct edits *edits, enum edit_op op, enum family family, const char *table);
void edits_chain(struct edits *edits, enum edit_op op, enum family family,
		 const char *table, const char *chain);
void edits_rule(struct edits *edits, enum edit_op op, enum family family,
		const char *table, const char *chain, size_t position, const struct rule *rule);
/* Moves an edit to the end of another list and leaves all zeroes behind. */
void edits_move(struct edits *to, struct edit *edit);
void edits_clear(struct edits *edits);

#endif
