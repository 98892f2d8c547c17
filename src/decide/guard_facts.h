/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_FACTS_H
#define DOCKFW_GUARD_FACTS_H

#include "pure_match.h"
#include "reach.h"

/* What of the filter table, which may be NULL, the guard's rules depend on. Pure. */

/*
 * Whether FORWARD jumps to a trusted chain that accepts before it jumps to DOCKER-USER, or has
 * another rule there that a repair does not pass.
 */
bool guard_trusted_accepts(const struct policy *policy, struct reach *reach,
			   const struct table *filter);

/*
 * Whether no packet comes to DOCKER-USER, nor will after a repair, which the kernel refuses:
 * what rules of others accept there, they accept for nobody.
 */
bool guard_user_is_barred(const struct policy *policy, const struct table *filter);

/*
 * Adds the marks and sets that rules of the table write; the caller clears written. Docker's own
 * write none.
 */
void guard_find_written(const struct policy *policy, const struct table *filter,
			enum family family, struct written *written);

#endif
