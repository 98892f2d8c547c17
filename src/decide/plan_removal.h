/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PLAN_REMOVAL_H
#define DOCKFW_PLAN_REMOVAL_H

#include "edit.h"
#include "policy.h"
#include "rule_places.h"

/*
 * What a removal takes out of the filter tables of the policy's families, and what it
 * leaves. Pure. Every chain of the snapshot must have been read.
 */

/*
 * Adds the edits that remove
 * - every rule with the mark;
 * - each user-defined chain that holds no other rule and that no other rule leads to, if
 *   the policy configures it (and does not leave it to others), or if it holds a marked
 *   rule;
 * - the same of DOCKER-USER, with its bare jumps in FORWARD, where Docker has no chains:
 *   elsewhere both are Docker's.
 * The plan for the result of a plan is empty.
 */
void plan_removal(const struct policy *policy, const struct snapshot *snapshot,
		  struct edits *edits);

/*
 * Adds the configured rules that stay, since they do not have the mark: a repair found
 * them there, and did not put them in.
 */
void removal_kept(const struct policy *policy, const struct snapshot *snapshot,
		  struct rule_places *kept);

#endif
