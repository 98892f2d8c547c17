/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_void.h"

#include "chain_diff.h"
#include "docker_chains.h"
#include "guard.h"
#include "guard_closed.h"
#include "guard_names.h"

static const struct remedy write_or_say = {
	"write rules into the configuration; or, if none is wanted: "
	"chain \"DOCKER-USER\" { rules = { } }", RUN_NONE, NULL,
};
static const struct remedy restore_or_say = {
	"restore the configuration; if the rules should go, write into it: "
	"chain \"DOCKER-USER\" { rules = { } }", RUN_NONE, NULL,
};

static void add_void(enum family family, bool user, bool guarded, struct findings *findings)
{
	findings_add(findings, CONFIGURATION_BROKEN, SEVERITY_CRITICAL, family,
		     xasprintf("no rule is configured, but %s rules of this program: they stay",
			       user && guarded ? DOCKER_USER " and the guard hold" :
			       user ? DOCKER_USER " holds" : "the guard holds"))
		->remedy = &restore_or_say;
}

/* What --close-first has closed, on a host that never had a configuration with rules. */
static void add_closed(enum family family, struct findings *findings)
{
	findings_add(findings, CONFIGURATION_BROKEN, SEVERITY_CRITICAL, family,
		     xstrdup("no rule is configured, and --close-first has closed all published ports: they stay closed"))
		->remedy = &write_or_say;
}

void check_void(const struct policy *policy, const struct snapshot *snapshot,
		const struct snapshot *own, struct findings *findings)
{
	if (!policy->keep_rules || policy_has_rules(policy))
		return;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *filter = snapshot_table(snapshot, (enum family)family, "filter");
		const struct table *guard = own ? snapshot_table(own, (enum family)family, GUARD_TABLE)
						: NULL;
		bool user = chain_is_kept(policy, table_chain(filter, DOCKER_USER));
		bool guarded = guard_is_kept(policy, guard);

		if (!(policy->families & 1U << family) || (!user && !guarded))
			continue;
		if (!user && guard_is_closed(guard))
			add_closed((enum family)family, findings);
		else
			add_void((enum family)family, user, guarded, findings);
	}
}
