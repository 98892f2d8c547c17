/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REMOVAL_H
#define DOCKFW_REMOVAL_H

#include "backend.h"
#include "edit.h"
#include "policy.h"
#include "rule_places.h"

/* A removal: takes out of the tables what the program has put there. */

/* What it finds and does in the tables of one backend. */
struct removal_part {
	bool filter;               /* in the filter tables as well; else only in the guard's */
	struct policy *policy;     /* owned: in the form of the backend; NULL: not its turn yet */
	struct snapshot *snapshot; /* before the first write; NULL: not read */
	struct edits edits;        /* what that wrote, or would write */
	struct rule_places kept;   /* the configured rules that stay; borrowed from the snapshot */
	bool written;
};

struct removal {
	bool dry_run;          /* plan, but write nothing */
	unsigned int families; /* those that were looked at, bits 1U << FAMILY_… */
	struct removal_part parts[BACKEND_KINDS]; /* by kind */
};

/*
 * Removes what is the program's in the policy's families: from the filter tables of the
 * policy's backend (auto: of both), and the guard, which is always in nf_tables. Reads,
 * plans and commits in one session of each backend, until nothing is left to remove.
 * The caller sets dry_run before, and clears the removal in any case. Returns 0, or -1
 * after reporting why.
 */
int removal_run(struct removal *removal, backend_list backends, const struct policy *policy);
void removal_clear(struct removal *removal);

#endif
