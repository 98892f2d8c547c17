/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_goto.h"

#include <stdlib.h>

#include "docker_chains.h"
#include "exposes.h"
#include "util.h"

bool is_user_goto(const struct rule *rule)
{
	return !rule->opaque && rule->verdict == VERDICT_GOTO && rule_leads_to(rule, DOCKER_USER);
}

/* What packets miss that such a goto takes out of FORWARD. */
struct missed {
	bool any;
	bool docker;  /* rules that lead to Docker's chains */
	bool refuses; /* one of them may refuse */
};

static struct missed rules_after(struct reach *reach, const struct chain *forward, size_t at)
{
	struct missed missed = { 0 };

	for (size_t i = at + 1; i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];
		bool docker = rule_jumps(rule) && reach_is_docker(reach, rule->chain);

		if (!rule->opaque && rule_leads_to(rule, DOCKER_USER))
			continue;
		missed.any = true;
		missed.docker |= docker;
		missed.refuses |= docker || reach_refuses(reach, rule);
		if (rule_ends_chain(rule))
			break;
	}
	return missed;
}

/* By its text if that is short: the number may be another rule's a moment later. */
static char *delete_command(const struct rule *rule, size_t number, enum backend_kind kind)
{
	const char *command = rule->family == FAMILY_IPV4 ? "iptables" : "ip6tables";

	if (rule_unconditional(rule) && !rule->nmatches)
		return xasprintf("%s-%s -D FORWARD -g %s", command, backend_kind_name(kind), DOCKER_USER);
	return xasprintf("%s-%s -D FORWARD %zu", command, backend_kind_name(kind), number);
}

static void add(struct findings *findings, const struct chain *forward, size_t at, bool lets_in,
		const struct missed *missed, enum backend_kind kind)
{
	const struct rule *rule = forward->rules[at];
	char *command = delete_command(rule, at + 1, kind);

	findings_add_at(findings, USER_JUMP_GOTO, lets_in ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			rule->family, "FORWARD", at + 1,
			xasprintf("rule %zu of FORWARD goes to %s by a goto, not a jump: FORWARD's policy %s "
				  "what returns from there, and the rules after it%s are not evaluated for it; "
				  "delete it with: %s", at + 1, DOCKER_USER,
				  forward->policy == VERDICT_DROP ? "drops" : "accepts",
				  missed->docker ? ", among them Docker's," : "", command));
	free(command);
}

void check_gotos(const struct policy *policy, struct reach *reach, const struct table *table,
		 const struct forward *forward, enum backend_kind kind, struct findings *findings)
{
	const struct chain *chain = forward->chain;

	if (!chain || !chain->builtin || !(forward->right || forward->stays))
		return;
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		struct missed missed;

		if (is_user_goto(rule)) {
			missed = rules_after(reach, chain, i);
			if (missed.any)
				add(findings, chain, i, chain->policy != VERDICT_DROP && missed.refuses &&
				    rule_exposes(policy, reach, table, rule), &missed, kind);
		}
		if (rule_ends_chain(rule))
			break;
	}
}
