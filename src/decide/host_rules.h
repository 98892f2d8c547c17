/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_RULES_H
#define DOCKFW_HOST_RULES_H

#include "guard_set.h"
#include "openings.h"
#include "policy.h"

/*
 * The guard's rules for a configured rule that leaves ports to the host's own firewall
 * (struct wanted_rule, by_host). Pure.
 */

struct host_rules {
	struct rule **v; /* owned, each as well */
	size_t n, room;
};

/*
 * Appends them, in their order: whom the host relays is refused, of all other packets those of
 * no new connection pass, then what an opening lets in, and the rest is refused. openings may be NULL: there are none. The sets that the
 * rules match on are added to sets.
 */
void host_rules_make(const struct openings *openings, const struct wanted_rule *wanted,
		     struct guard_sets *sets, struct host_rules *rules);
void host_rules_clear(struct host_rules *rules);

#endif
