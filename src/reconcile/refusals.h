/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REFUSALS_H
#define DOCKFW_REFUSALS_H

#include "backend.h"
#include "policy.h"

/*
 * The rules that the kernel has refused in this run. They are not put in again until the
 * next run, which tries them anew.
 */
struct refusal {
	enum family family;
	bool guard;  /* its form in the guard */
	char *chain; /* owned; of DOCKER-USER's table */
	struct wanted_rules wanted; /* owned; the one rule */
	char *why;   /* owned */
};

struct refusals {
	struct refusal *v;
	size_t n, room;
	unsigned int guard; /* 1U << FAMILY_…: the guard as a whole, which is not tried again */
	bool others; /* an edit that is not due to a configured rule, and not one of the guard */
};
void refusals_clear(struct refusals *refusals);

/*
 * Takes what a commit or a trial of edits has refused; never a suspect, which may be right
 * without the others: the next round shows it. policy and snapshot are those of the plan.
 * Returns 0 if everything can go on without the rules that are noted, or without the guard of
 * a family, and -1 after reporting an edit that is not due to a configured rule.
 */
int refusals_take(struct refusals *refusals, const struct policy *policy,
		  const struct snapshot *snapshot, const struct edits *edits,
		  const struct refused_edits *refused);

/* Takes out of a plan what it has for guards that are left out as a whole. */
void refusals_leave_out(const struct refusals *refusals, struct edits *edits);

/* Marks in the policy what was noted, also that an edit of no configured rule was refused. */
void refusals_mark(const struct refusals *refusals, struct policy *policy);

#endif
