/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gains.h"

#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"

static void in_family(const struct policy *policy, const struct table *table,
		      struct access_changes *gains)
{
	struct reach *reach = reach_new(table, policy);
	struct forward forward;
	size_t at;

	forward_look(&forward, policy, reach, table);
	at = forward_passed(&forward, policy, reach, table, forward.insert);
	for (; at != NOWHERE; at = forward_passed(&forward, policy, reach, table, at + 1))
		access_changes_take(gains, table->family, "FORWARD", at + 1, xasprintf(
			"this puts the jump to %s before rule %zu of FORWARD, which %s: those that %s accepts are no longer refused there; move that rule to the top of FORWARD to keep them out",
			DOCKER_USER, at + 1, forward.chain->rules[at]->chain ? "may refuse packets" : "refuses packets",
			DOCKER_USER));
	reach_free(reach);
}

void gains_add(const struct policy *policy, const struct snapshot *snapshot,
	       struct access_changes *gains)
{
	unsigned int families = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, "filter");

		if (table && families & (1U << family))
			in_family(policy, table, gains);
	}
}
