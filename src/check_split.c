/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* A table has no loops; the kernel's own limit on jumps is far below this. */
#define DEPTH 64

/* Whether a packet can be dropped or accepted by a rule of the chain. */
static bool decides(const struct table *table, const char *name, unsigned int depth)
{
	const struct chain *chain = table_chain(table, name);

	for (size_t i = 0; chain && i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		switch (rule->verdict) {
		case VERDICT_ACCEPT:
		case VERDICT_DROP:
		case VERDICT_QUEUE:
			return true;
		case VERDICT_JUMP:
		case VERDICT_GOTO:
			if (depth < DEPTH && decides(table, rule->chain, depth + 1))
				return true;
			break;
		case VERDICT_EXT:
			if (!strcmp(rule->target.name, "REJECT") ||
			    !strcmp(rule->target.name, "NFQUEUE"))
				return true;
			break;
		default:
			break;
		}
		if (rule->opaque)
			return true;
	}
	return false;
}

static bool holds_docker(const struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++)
		if (docker_owns_chain(table->chains[c]->name) ||
		    !strcmp(table->chains[c]->name, DOCKER_USER))
			return true;
	return false;
}

/* What the other backend's filter table does to forwarded packets, or NULL. */
static const char *what_it_does(const struct table *table, enum severity *severity)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	*severity = SEVERITY_CRITICAL;
	if (forward && forward->policy == VERDICT_DROP)
		return "FORWARD there has policy DROP, which drops what Docker accepts";
	if (decides(table, "FORWARD", 0))
		return "FORWARD there drops or accepts packets that Docker's rules decide about";
	*severity = SEVERITY_WARNING;
	if (holds_docker(table))
		return "chains of Docker's are left there";
	if (forward && forward->nrules)
		return "FORWARD there has rules";
	return NULL;
}

void check_split(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *other, struct findings *findings)
{
	unsigned int families = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(other, (enum family)family, "filter");
		enum severity severity;
		struct finding *finding;
		const char *what;

		if (!table || !(families & (1U << family)) ||
		    !docker_has_chains(snapshot, (enum family)family))
			continue;
		what = what_it_does(table, &severity);
		if (!what)
			continue;
		finding = findings_add(findings, BACKEND_SPLIT, severity,
				       xasprintf("Docker's rules are in %s, but %s has rules too: %s; clear it with: %s-%s -P FORWARD ACCEPT; %s-%s -F FORWARD",
						 backend_kind_name(snapshot->backend),
						 backend_kind_name(other->backend), what,
						 family == FAMILY_IPV4 ? "iptables" : "ip6tables",
						 backend_kind_name(other->backend),
						 family == FAMILY_IPV4 ? "iptables" : "ip6tables",
						 backend_kind_name(other->backend)));
		finding->has_family = true;
		finding->family = (enum family)family;
		finding->table = xstrdup("filter");
		finding->chain = xstrdup("FORWARD");
	}
	findings_leave_out(findings, policy);
}
