/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ACCEPTS_H
#define DOCKFW_ACCEPTS_H

#include "pure_match.h"
#include "reach.h"

/*
 * What a rule lets past its chain, as rules of their own: of a jump, what the chain that it
 * leads to accepts. Pure.
 */

struct accepted {
	struct rule *rule; /* owned; conditions only */
	/* Whoever meets them is let pass; else they only include all whom the rule lets pass. */
	bool exact;
};

struct accepts {
	struct accepted *v;
	size_t n, room;
};

/*
 * Appends to accepts, which the caller clears. Together they include all that the rule lets
 * pass. written is what match_is_pure() goes by. What a queue's program accepts does not count: it
 * goes on to the guard, whose rules do not contradict the program.
 */
void accepts_find(struct reach *reach, const struct policy *policy, const struct written *written,
		  const struct rule *rule, struct accepts *accepts);
void accepts_clear(struct accepts *accepts);

/*
 * Whether it is about few sources, one address or some ports: somebody's exemption, and not one
 * for all that goes to containers.
 */
bool accept_is_narrow(const struct rule *rule);

/* The next chain of the table that is not loaded and that this depends on for a rule, or NULL. */
struct chain *accepts_unloaded(const struct table *table, const struct rule *rule);
/* Whether a chain that the rule leads to has a match that others may write (pure_match.h). */
bool accepts_match_written(const struct table *table, const struct rule *rule);

#endif
