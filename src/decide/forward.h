/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FORWARD_H
#define DOCKFW_FORWARD_H

#include "policy.h"
#include "reach.h"

/*
 * How FORWARD calls DOCKER-USER: pure, shared by the check, the plan and the
 * scope. Positions are 0-based indices of FORWARD's rules.
 */

#define NOWHERE ((size_t)-1)

struct forward {
	const struct chain *chain; /* FORWARD, or NULL: empty, policy ACCEPT */
	size_t ncalls;             /* jumps to DOCKER-USER, whole ones */
	size_t call;               /* the first of them, NOWHERE where none */
	size_t jump;               /* the first unconditional one, likewise */
	size_t second;             /* the second call of any kind, likewise */
	/*
	 * The first rule that may not stand in front of the jump: one that can
	 * accept or leads to a chain of Docker's, and is no call of a trusted
	 * chain. The number of rules where there is none.
	 */
	size_t place;
	bool right; /* an unconditional call stands in front of place */
};

/* A jump to DOCKER-USER that was read whole, whatever its conditions. */
bool forward_is_call(const struct rule *rule);
void forward_look(struct forward *forward, const struct policy *policy, struct reach *reach,
		  const struct table *table);

/* What a rule is, where it stands in front of the jump. */
enum front { FRONT_HARMLESS, FRONT_CALL, FRONT_DOCKER, FRONT_ACCEPTS };
enum front forward_front(const struct policy *policy, struct reach *reach,
			 const struct chain *chain, const struct rule *rule);

/*
 * Whether a rule that can accept can do so for a new connection to a
 * container. False only where that is sure: its states exclude new ones, or
 * its -o names an interface that is none of Docker's bridges.
 */
bool forward_exposes(struct reach *reach, const struct table *table, const struct rule *rule);

#endif
