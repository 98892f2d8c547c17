/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FORWARD_H
#define DOCKFW_FORWARD_H

#include "bans.h"
#include "policy.h"
#include "reach.h"
#include "user_calls.h"

/*
 * How FORWARD jumps to DOCKER-USER. Pure; shared by the check and the plan. Positions
 * are 0-based indices into FORWARD's rules.
 */

#define NOWHERE ((size_t)-1)

struct forward {
	const struct chain *chain; /* FORWARD, or NULL: empty, policy ACCEPT */
	size_t njumps;             /* the number of fully decoded jumps to DOCKER-USER */
	size_t first;              /* the first of them, or NOWHERE */
	size_t bare;               /* the first unconditional one, or NOWHERE */
	size_t second;             /* the second of any kind, or NOWHERE */
	/*
	 * The first rule that brings every packet to DOCKER-USER, or NOWHERE: bare, or an
	 * unconditional jump to a chain that does it (user_calls.h).
	 */
	size_t jump;
	struct user_call through;  /* of such a jump; CALL_NONE for bare */
	size_t some;               /* the first that leads there through a chain, for some packets */
	/*
	 * The first rule that must not come before DOCKER-USER: it can accept or leads to a
	 * chain of Docker's, and is not a jump to a trusted chain. It may be jump itself, if
	 * its chain does that first. The number of rules if there is none.
	 */
	size_t place;
	bool right; /* every packet gets to DOCKER-USER before place */
	/*
	 * Some packets only get there later, and that stays: DOCKER-USER can accept what a rule
	 * between place and the jump refuses, such as a ban, or may refuse, if that cannot be
	 * read; and none of the rules before it leads to Docker's chains.
	 */
	bool stays;
	/* If it stays because of it: a ban in a chain that accepts as well, or chain NULL. */
	struct ban ban;
	/*
	 * If it is not right and does not stay: where a repair inserts the jump, as an index.
	 * It is place, or after the last of such refusing rules: then the new jump stays.
	 */
	size_t insert;
	/* If it is right or stays: the jump that a repair keeps of several, or NOWHERE. */
	size_t kept;
};

/* Whether it is a fully decoded jump to DOCKER-USER, with or without conditions. */
bool forward_is_jump(const struct rule *rule);
void forward_look(struct forward *forward, const struct policy *policy, struct reach *reach,
		  const struct table *table);

/*
 * The next ban, at index from or later, that a repair puts the jump before although DOCKER-USER
 * may accept what it refuses; or NOWHERE. Rules after Docker's chains do not count. Sets ban if it
 * is in a chain that accepts as well.
 */
size_t forward_passed(const struct forward *forward, const struct policy *policy,
		      struct reach *reach, const struct table *table, size_t from,
		      struct ban *ban);

/* What the rule means, if FRONT_ACCEPTS stands for what DOCKER-USER accepts as well. */
enum front forward_front(const struct policy *policy, struct reach *reach,
			 const struct chain *chain, const struct rule *rule);
/* The same for packets that have not been in DOCKER-USER: a chain may lead them there. */
enum front forward_front_of(const struct policy *policy, struct reach *reach,
			    struct user_calls *calls, const struct chain *chain,
			    const struct rule *rule);

#endif
