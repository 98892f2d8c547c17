/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_USER_CALLS_H
#define DOCKFW_USER_CALLS_H

#include "policy.h"
#include "reach.h"

/*
 * Whether FORWARD reaches DOCKER-USER through a chain of the administrator's. Pure.
 * A chain that the configuration fills, or that others or dockerd fill, does not count:
 * its rules may be others a moment later.
 */

/* What a rule means if it is evaluated before DOCKER-USER. */
enum front { FRONT_HARMLESS, FRONT_JUMP, FRONT_DOCKER, FRONT_ACCEPTS };

enum call {
	CALL_NONE, /* no rule leads to DOCKER-USER */
	CALL_SOME, /* some packets may pass the chain without getting there */
	CALL_ALL,  /* every packet gets there, unless a rule before ends its way */
};

struct user_call {
	enum call call;
	/*
	 * The worst of what packets can meet that have not been in DOCKER-USER, and whether any
	 * of it can accept. Not of CALL_NONE.
	 */
	enum front front;
	bool accepts;
};

struct user_calls;

/* Borrows all three; table may be NULL. The caller frees it with user_calls_free(). */
struct user_calls *user_calls_new(const struct policy *policy, struct reach *reach,
				  const struct table *table);
void user_calls_free(struct user_calls *calls);

/* What becomes of the packets that a rule of FORWARD, not itself the jump, sees. */
struct user_call user_calls_of(struct user_calls *calls, const struct rule *rule);

#endif
