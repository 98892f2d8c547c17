/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_split.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_layout.h"
#include "text.h"
#include "util.h"

/* A table has no loops, and the kernel limits jumps to far fewer than this. */
#define DEPTH 64

/* Whether a rule of the chain, or of a chain that it leads to, can accept or drop a packet. */
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

/*
 * Whether it is a chain of Docker's, or DOCKER-USER. dockerd's names have no other
 * characters, which a shell might interpret.
 */
static bool is_left(const struct chain *chain)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	return (docker_owns_chain(chain->name) || !strcmp(chain->name, DOCKER_USER)) &&
	       !chain->name[strspn(chain->name, letters)];
}

/* The names of those chains, each after a blank; "" if there is none. */
static char *names_left(const struct table *table)
{
	struct text names;

	text_open(&names);
	for (size_t c = 0; c < table->nchains; c++)
		if (is_left(table->chains[c]))
			fprintf(names.out, " %s", table->chains[c]->name);
	return text_take(&names);
}

/* The shell commands that remove all that is found here. */
static char *commands(const struct table *table, enum backend_kind kind)
{
	const struct chain *forward = table_chain(table, "FORWARD");
	char *command = xasprintf("%s-%s", table->family == FAMILY_IPV4 ? "iptables" : "ip6tables",
				  backend_kind_name(kind));
	char *names = names_left(table);
	char *loop = !*names ? xstrdup("")
			     : xasprintf("for option in -F -X; do for chain in%s; do %s $option $chain; done; done",
					 names, command);
	bool drops = forward && forward->policy == VERDICT_DROP, rules = forward && forward->nrules;
	char *text = xasprintf("%s%s%s%s%s%s%s", drops ? command : "",
			       drops ? " -P FORWARD ACCEPT" : "", drops && (rules || *loop) ? "; " : "",
			       rules ? command : "", rules ? " -F FORWARD" : "",
			       rules && *loop ? "; " : "", loop);

	free(command);
	free(names);
	free(loop);
	return text;
}

/* What the other backend's filter table does to forwarded packets, or NULL. */
static const char *what_it_does(const struct table *table, enum severity *severity)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	*severity = SEVERITY_CRITICAL;
	if (forward && forward->policy == VERDICT_DROP)
		return "FORWARD there has policy DROP, which drops what Docker accepts";
	if (decides(table, "FORWARD", 0))
		return "FORWARD there drops or accepts packets that Docker's rules decide on";
	*severity = SEVERITY_WARNING;
	for (size_t c = 0; c < table->nchains; c++)
		if (is_left(table->chains[c]))
			return "Docker's chains are left there";
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
		const char *what;
		char *how;

		if (!table || !(families & (1U << family)) ||
		    !docker_has_chains(snapshot, (enum family)family))
			continue;
		what = what_it_does(table, &severity);
		if (!what)
			continue;
		how = commands(table, other->backend);
		findings_add_at(findings, BACKEND_SPLIT, severity, (enum family)family, "FORWARD", 0,
				xasprintf("Docker's rules are in %s, but %s also has rules: %s; clear it with: %s",
					  backend_kind_name(snapshot->backend),
					  backend_kind_name(other->backend), what, how));
		free(how);
	}
}
