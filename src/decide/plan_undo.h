/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PLAN_UNDO_H
#define DOCKFW_PLAN_UNDO_H

#include "edit.h"

/*
 * The edits that take back what a repair has written, in tables that others may have changed
 * since: their rules and chains stay. Pure.
 */

/* What a repair wrote in one table, and what was there before. */
struct undo {
	const struct snapshot *before; /* has the rules of every chain that was written to */
	const struct edits *const *written; /* lists, in the order in which they were written */
	size_t n;
	enum family family;
	const char *table;
};

/*
 * Adds the edits for the table as it is now, with the rules of all its chains. Rules that were
 * inserted and are still there go; those that were deleted come back after the rule that they
 * came after. A chain that was created goes if it is empty then and nothing leads to it, but
 * of builtin ones only the guard's. So do the guard's sets: one that was deleted comes back with its values,
 * one that was added goes. The guard's table goes, and is made again, as a whole if it was so.
 */
void plan_undo(const struct undo *undo, const struct snapshot *now, struct edits *edits);

/*
 * Whether all that the edits delete could be put back: no rule of it is opaque, and a table
 * that they delete as a whole has only chains and sets that edits can make.
 */
bool plan_undo_can(const struct snapshot *before, const struct edits *written);

#endif
