/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EDIT_H
#define DOCKFW_EDIT_H

#include "guard_set.h"
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
	/*
	 * A set of the guard, which chain names: created with what is in it, or deleted, when no
	 * rule matches on it any more. Wherever they are in the list, sets are created before
	 * rules are inserted, and deleted last.
	 */
	EDIT_ADD_SET,
	EDIT_DROP_SET,
	EDIT_POLICY, /* sets the policy of a builtin chain */
};

/* "create", "insert", "delete", "drop", "drop-table", "add-set", "drop-set", "policy". */
const char *edit_op_name(enum edit_op op);

struct edit {
	enum edit_op op;
	enum family family;
	char *table; /* owned, as are chain (NULL for a table), rule and set */
	char *chain;
	size_t position;
	struct rule *rule;
	struct guard_set *set; /* of EDIT_ADD_SET */
	enum verdict policy; /* of EDIT_POLICY: ACCEPT or DROP */
};

/* "ACCEPT" or "DROP", of EDIT_POLICY. */
const char *edit_policy_name(const struct edit *edit);

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
void edits_add_set(struct edits *edits, const char *table, const struct guard_set *set);
void edits_drop_set(struct edits *edits, enum family family, const char *table, const char *name);
void edits_policy(struct edits *edits, enum family family, const char *table, const char *chain,
		  enum verdict policy);
/* Moves an edit to the end of another list and leaves all zeroes behind. */
void edits_move(struct edits *to, struct edit *edit);
/* Moves all of a list to the end of another one, and leaves it empty. */
void edits_move_all(struct edits *to, struct edits *from);
void edits_clear(struct edits *edits);

#endif
