/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_H
#define DOCKFW_GUARD_H

#include "dockerd.h"
#include "edit.h"
#include "finding.h"
#include "guard_rules.h"

/*
 * The guard (model/guard_names.h) as it is in the kernel against what it should be. Pure.
 *
 * own is the snapshot with the guard's tables, read whole; NULL: the kernel has no
 * nf_tables, and there is nothing to report or to do. snapshot is as for guard_make().
 */

enum guard_state {
	GUARD_NONE,    /* none is wanted, and none is there */
	GUARD_RIGHT,   /* there, and as configured */
	GUARD_ABSENT,
	GUARD_WRONG,   /* there, and not as configured, or not wanted */
	GUARD_FOREIGN, /* a table with its name is another program's */
};
enum guard_state guard_state(const struct policy *policy, const struct snapshot *snapshot,
			     const struct snapshot *own, enum family family);

/* Whether a table with the guard's name is another program's; NULL is not. */
bool guard_is_foreign(const struct table *table);

/* What to do about a guard that belongs to another process; NULL: it does not. table may be NULL. */
const struct remedy *guard_owner_remedy(const struct table *table);

/* Whether it stays although no rule is configured: it refuses, and the policy keeps that. */
bool guard_is_kept(const struct policy *policy, const struct table *table);

/* The packets that the guard's rules have refused in that family; 0 without a guard. */
uint64_t guard_refused(const struct snapshot *own, enum family family);

/*
 * Adds a finding for each family whose guard is missing, differs or is another program's:
 * critical if DOCKER-USER cannot hold there, else a warning.
 */
void guard_check(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *own, const struct dockerd *dockerd,
		 struct findings *findings);

/*
 * Adds the fewest edits that make it right; none for a table of another program's. Rules
 * that are right stay, with their counters; in a table that is created anew, they go on with
 * the counts that they had.
 */
void guard_plan(const struct policy *policy, const struct snapshot *snapshot,
		const struct snapshot *own, struct edits *edits);
/* Does the same for the copy of the guard, which is to belong to this process. */
void guard_plan_copy(const struct policy *policy, const struct snapshot *snapshot,
		     const struct snapshot *own, struct edits *edits);
/* Adds the edits that remove the guard in the families of the mask. */
void guard_plan_removal(const struct snapshot *own, unsigned int families, struct edits *edits);

#endif
