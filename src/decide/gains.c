/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gains.h"

#include <stdlib.h>

#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"

/* What the rule does with those whom it keeps out; the caller frees it. */
static char *refusal(const struct rule *rule, const struct ban *ban)
{
	if (ban->chain)
		return xasprintf("leads to rule %zu of %s, which %s", ban->rule + 1, ban->chain->name,
				 rule_is_unknown(ban->chain->rules[ban->rule]) ? "may refuse packets"
										: "refuses packets");
	return xstrdup(rule->chain ? "may refuse packets" : "refuses packets");
}

static void add(const struct table *table, const struct rule *rule, size_t at,
		const struct ban *ban, struct access_changes *gains)
{
	char *refuses = refusal(rule, ban);

	access_changes_take(gains, table->family, "FORWARD", at + 1, xasprintf(
		"this puts the jump to %s before rule %zu of FORWARD, which %s: those that %s accepts are no longer refused there; %s to keep them out",
		DOCKER_USER, at + 1, refuses, DOCKER_USER,
		ban->chain ? "put such a rule at the top of FORWARD"
			   : "move that rule to the top of FORWARD"));
	free(refuses);
}

static void in_family(const struct policy *policy, const struct table *table,
		      struct access_changes *gains)
{
	struct reach *reach = reach_new(table, policy);
	struct forward forward;
	struct ban ban;
	size_t at;

	forward_look(&forward, policy, reach, table);
	at = forward_passed(&forward, policy, reach, table, forward.insert, &ban);
	for (; at != NOWHERE; at = forward_passed(&forward, policy, reach, table, at + 1, &ban))
		add(table, forward.chain->rules[at], at, &ban, gains);
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
