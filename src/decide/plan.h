/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PLAN_H
#define DOCKFW_PLAN_H

#include "edit.h"
#include "policy.h"

/*
 * Adds the fewest edits that repair the snapshot. Pure. Correct rules are left alone;
 * foreign rules stay where they are. The order never opens a gap: first the chains,
 * then their rules, then the jump in FORWARD, then the stale chains. The plan for a
 * correct snapshot is empty, and so is the plan for the result of a plan.
 */
void plan(const struct policy *policy, const struct snapshot *snapshot, struct edits *edits);

#endif
