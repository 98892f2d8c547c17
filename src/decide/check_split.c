/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_split.h"

#include <stdlib.h>

#include "docker_chains.h"
#include "docker_layout.h"
#include "split_left.h"
#include "text.h"
#include "util.h"

/* What the other backend's FORWARD does to packets, as the middle of a sentence, or NULL. */
static char *what_it_does(const struct table *table, enum split_answer answer, size_t rule)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	switch (answer) {
	case SPLIT_POLICY:
		return xstrdup("FORWARD there has policy DROP, which drops what Docker accepts");
	case SPLIT_RULE:
		return xasprintf("rule %zu of FORWARD there refuses packets that Docker's rules decide on",
				 rule);
	case SPLIT_MAYBE:
		return xasprintf("rule %zu of FORWARD there may refuse packets of containers: it cannot be decoded in full",
				 rule);
	case SPLIT_SOME:
		return xstrdup("FORWARD there refuses some clients");
	case SPLIT_NONE:
		break;
	}
	if (forward && forward->nrules)
		return xstrdup("FORWARD there has rules, which refuse no packet of a container");
	return split_has_left(table) ? xstrdup("Docker's chains are left there") : NULL;
}

/*
 * What to do about the policy DROP. owners: whose rules are there, or NULL; deletes: commands
 * follow that delete what Docker left, which may be all that accepts there. Others may count on
 * the policy, so that beside their rules no command is proposed that resets it.
 */
static void print_policy(const struct table *table, enum backend_kind kind, const char *owners,
			 bool deletes, FILE *out)
{
	char *reset = xasprintf("%s-%s -P FORWARD ACCEPT",
				table->family == FAMILY_IPV4 ? "iptables" : "ip6tables",
				backend_kind_name(kind));

	if (owners)
		fputs("; whoever set the policy must accept packets to and from containers there", out);
	else
		fprintf(out, "; reset the policy, if Docker set it, with: %s", reset);
	if (owners && deletes)
		fprintf(out, " first: FORWARD there has policy DROP, and without the rules that Docker "
			"left, it cuts off all containers that no other rule there accepts (Docker sets this "
			"policy as well, but %s would also let pass what the others leave to it)", reset);
	else if (deletes)
		fputs("; while it is DROP, the rules that Docker left there may be all that lets packets "
		      "of containers pass", out);
	free(reset);
}

/* What the message says after that: whose the rules are, and what can be deleted. */
static char *what_to_do(const struct table *table, enum backend_kind kind, enum split_answer answer)
{
	char *owners = split_owners(table), *commands = split_left_commands(table, kind, true);
	const struct chain *forward = table_chain(table, "FORWARD");
	size_t user = split_user_rules(table);
	struct text text;

	text_open(&text);
	if (owners)
		fprintf(text.out, "; rules of others there stay: %s", owners);
	if (user)
		fprintf(text.out, "; %s there holds %zu rule%s, which the kernel evaluates too: put what is needed of them into the configuration before you delete any",
			DOCKER_USER, user, user == 1 ? "" : "s");
	if (forward && forward->policy == VERDICT_DROP && (answer >= SPLIT_POLICY || *commands))
		print_policy(table, kind, owners, *commands, text.out);
	if (*commands)
		fprintf(text.out, "; delete what Docker left there with: %s", commands);
	free(owners);
	free(commands);
	return text_take(&text);
}

/* Whether Docker's packets also pass the other backend's filter table of that family. */
static const struct table *other_table(const struct policy *policy,
				       const struct snapshot *snapshot,
				       const struct snapshot *other, enum family family)
{
	if (!(families_in_force(policy, snapshot) & (1U << family)) ||
	    !docker_has_chains(snapshot, family))
		return NULL;
	return snapshot_table(other, family, "filter");
}

bool check_split_needs_facts(const struct policy *policy, const struct snapshot *snapshot,
			     const struct snapshot *other)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = other_table(policy, snapshot, other, (enum family)family);

		if (table && split_needs_facts(table))
			return true;
	}
	return false;
}

static const struct remedy choose_docker = {
	"set backend = \"auto\", and leave out -b; or have Docker use the same iptables", RUN_NONE, NULL,
};

/* Docker's chains are in the other backend only: nothing that is held here filters its packets. */
static void add_elsewhere(const struct policy *policy, const struct snapshot *snapshot,
			  const struct snapshot *other, struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (policy->families & 1U << family && docker_has_chains(other, (enum family)family))
			findings_add(findings, BACKEND_SPLIT, SEVERITY_CRITICAL, (enum family)family,
				xasprintf("Docker's chains are in %s, but the backend is set to %s: what %s holds there comes too late or never for Docker's packets",
					  backend_kind_name(other->backend),
					  backend_kind_name(snapshot->backend), DOCKER_USER))
				->remedy = &choose_docker;
}

void check_split(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *other, const struct split_facts *facts,
		 struct findings *findings)
{
	if (policy->docker.elsewhere)
		add_elsewhere(policy, snapshot, other, findings);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = other_table(policy, snapshot, other, (enum family)family);
		enum split_answer answer;
		char *what, *how;
		size_t rule;

		if (!table)
			continue;
		answer = split_decides(policy, table, facts, &rule);
		what = what_it_does(table, answer, rule);
		if (!what)
			continue;
		how = what_to_do(table, other->backend, answer);
		findings_add_at(findings, BACKEND_SPLIT,
				answer == SPLIT_RULE || answer == SPLIT_POLICY ? SEVERITY_CRITICAL
									       : SEVERITY_WARNING,
				(enum family)family, "FORWARD", 0,
				xasprintf("Docker's rules are in %s, but %s also has rules: %s%s",
					  backend_kind_name(snapshot->backend),
					  backend_kind_name(other->backend), what, how));
		free(what);
		free(how);
	}
}
