/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PLAN_H
#define DOCKFW_PLAN_H

#include "edit.h"
#include "policy.h"

/*
 * (policy, snapshot) to the fewest edits that mend it: pure. Right rules are
 * left alone; foreign rules stay where they are. The order never opens a gap:
 * chains first, then what they hold, then the jump in FORWARD, then what goes.
 * The plan of a snapshot that is right is empty, and so is the plan of what a
 * plan made.
 */
void plan(const struct policy *policy, const struct snapshot *snapshot, struct edits *edits);

#endif
