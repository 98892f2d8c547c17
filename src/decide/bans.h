/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BANS_H
#define DOCKFW_BANS_H

#include "policy.h"
#include "reach.h"

/*
 * Rules before the jump to DOCKER-USER that refuse what DOCKER-USER accepts: a jump before them
 * would let it in. Pure. All of it is about the table filter of one family, and all arguments
 * are borrowed.
 */

/* Where a rule is that refuses; the chain is borrowed from the table. */
struct ban {
	const struct chain *chain; /* NULL: none */
	size_t rule;               /* its index */
};

/* Whether it refuses and accepts nothing; of an opaque rule, whether it may refuse. */
bool rule_is_ban(struct reach *reach, const struct rule *rule);

/* Whether DOCKER-USER can accept a packet, so that FORWARD's later rules never see it. */
bool user_lets_in(struct reach *reach);

/* Whether the rule of FORWARD is such a ban, and DOCKER-USER may accept what it matches. */
bool ban_is_passed(const struct policy *policy, struct reach *reach, const struct table *table,
		   const struct rule *rule);

/*
 * The same for a rule that leads to a chain which accepts as well: the first rule in it, or in
 * the chains that it leads to, which refuses what DOCKER-USER may accept. What refuses no new
 * connection, or what leaves by an interface that is not one of Docker's bridges, does not
 * count, nor does a chain that the configuration says others fill. If there are very many rules
 * to compare, one counts that DOCKER-USER may not meet. Returns false if there is none.
 */
bool ban_in_chain(const struct policy *policy, struct reach *reach, const struct table *table,
		  const struct rule *rule, struct ban *ban);

#endif
