/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FORWARD_H
#define DOCKFW_FORWARD_H

#include "policy.h"
#include "reach.h"

/*
 * How FORWARD jumps to DOCKER-USER. Pure; shared by the check and the plan. Positions
 * are 0-based indices into FORWARD's rules.
 */

#define NOWHERE ((size_t)-1)

struct forward {
	const struct chain *chain; /* FORWARD, or NULL: empty, policy ACCEPT */
	size_t njumps;             /* the number of fully decoded jumps to DOCKER-USER */
	size_t first;              /* the first of them, or NOWHERE */
	size_t jump;               /* the first unconditional one, or NOWHERE */
	size_t second;             /* the second of any kind, or NOWHERE */
	/*
	 * The first rule that must not come before the jump: it can accept or leads to a
	 * chain of Docker's, and is not a jump to a trusted chain. The number of rules if
	 * there is none.
	 */
	size_t place;
	bool right; /* an unconditional jump comes before place */
};

/* Whether it is a fully decoded jump to DOCKER-USER, with or without conditions. */
bool forward_is_jump(const struct rule *rule);
void forward_look(struct forward *forward, const struct policy *policy, struct reach *reach,
		  const struct table *table);

/* What a rule means if it comes before the jump. */
enum front { FRONT_HARMLESS, FRONT_JUMP, FRONT_DOCKER, FRONT_ACCEPTS };
enum front forward_front(const struct policy *policy, struct reach *reach,
			 const struct chain *chain, const struct rule *rule);

/*
 * Whether a rule that can accept can do so for a new connection to a container. False
 * only if it certainly cannot: its states exclude new connections, or its -o names an
 * interface that is not one of Docker's bridges.
 */
bool forward_exposes(struct reach *reach, const struct table *table, const struct rule *rule);

#endif
