/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REFUSED_H
#define DOCKFW_REFUSED_H

#include "finding.h"
#include "policy.h"

/* Rules that cannot be put in: without them, and with what on-error puts in. Pure. */

/*
 * Marks the rules of a configured chain that are equal to rule as refused, and adds, with
 * on-error = "close", what takes the place of each that refuses packets or leads to a rule
 * that does. Returns false if the chain has no such rule that is not marked yet.
 */
bool refused_mark(struct policy *policy, enum family family, const char *chain,
		  const struct rule *rule, const char *why);

/*
 * Notes a rule that is refused in its form in the guard, as guard_make() gives it: it is
 * left out there. Returns false if it is known already.
 */
bool refused_mark_in_guard(struct policy *policy, enum family family,
			   const struct wanted_rule *wanted, const char *why);

/*
 * Adds a finding for each rule that is refused. in_force are the families in which
 * DOCKER-USER is evaluated, as bits 1U << FAMILY_…: a rule that only the guard cannot hold
 * is there a warning.
 */
void check_refused(const struct policy *policy, unsigned int in_force, struct findings *findings);

#endif
