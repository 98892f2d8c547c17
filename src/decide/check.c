/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "check_docker.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"
#include "text.h"
#include "util.h"

#define FILTER "filter"

/* Remedies for cases that the id's own remedy does not fit. */
static const struct remedy repair_or_trust = {
	"run: ", true, ", or list the chain that the rule jumps to in trusted-chains",
};
static const struct remedy wake_table = {
	"reactivate the table with: nft add table ip filter (ip6 for IPv6)", false, NULL,
};
static const struct remedy make_base_chain = {
	"inspect it with: nft list table ip filter (ip6 for IPv6), and recreate it with iptables",
	false, NULL,
};
static const struct remedy rename_base_chain = {
	"delete or rename it with nft, then run: ", true, NULL,
};

/* What the checks of one family share. */
struct subject {
	const struct policy *policy;
	const struct table *table; /* filter, or NULL */
	struct reach *reach;
	enum family family;
	struct findings *findings;
};

static struct finding *check_add(const struct subject *subject, enum finding_id id,
			   enum severity severity, const char *chain, size_t rule, char *message)
{
	return findings_add_at(subject->findings, id, severity, subject->family, chain, rule,
			       message);
}

/* "rule 2", "rules 2, 4 and 5"; a long list ends with the number of the others. */
static char *rule_list(const size_t *rules, size_t n)
{
	size_t shown = n > 6 ? 5 : n;
	struct text text;

	text_open(&text);
	fprintf(text.out, n == 1 ? "rule %zu" : "rules %zu", rules[0]);
	for (size_t i = 1; i < shown; i++)
		fprintf(text.out, "%s%zu", i + 1 == n ? " and " : ", ", rules[i]);
	if (shown < n)
		fprintf(text.out, " and %zu more", n - shown);
	return text_take(&text);
}

/* The rules of one kind: the harmful ones, or if there is none, the others. */
struct culprits {
	size_t *rules; /* their numbers, from 1 */
	size_t n;
	bool harmful;
	bool calls; /* one of them is a jump or goto to a chain */
};

static void culprits_add(struct culprits *culprits, size_t number, const struct rule *rule,
			 bool harmful)
{
	if (culprits->harmful && !harmful)
		return;
	if (!culprits->harmful && harmful)
		culprits->n = 0, culprits->calls = false;
	culprits->harmful = harmful;
	culprits->rules[culprits->n++] = number;
	culprits->calls |= rule->chain && !rule->opaque;
}

/* Reports the rules before the jump that must not be there. */
static void check_front(const struct subject *subject, const struct forward *forward)
{
	const struct chain *chain = forward->chain;
	struct culprits docker = { .rules = xcalloc(forward->jump, sizeof(size_t)) };
	struct culprits others = { .rules = xcalloc(forward->jump, sizeof(size_t)) };
	struct finding *finding;

	for (size_t i = 0; i < forward->jump; i++) {
		const struct rule *rule = chain->rules[i];

		switch (forward_front(subject->policy, subject->reach, chain, rule)) {
		case FRONT_DOCKER:
			culprits_add(&docker, i + 1, rule,
				     reach_accepts(subject->reach, chain, rule, false));
			break;
		case FRONT_ACCEPTS:
			culprits_add(&others, i + 1, rule,
				     forward_exposes(subject->reach, subject->table, rule));
			break;
		default:
			break;
		}
	}
	if (docker.n) {
		finding = check_add(subject, USER_JUMP_LATE,
			      docker.harmful ? SEVERITY_CRITICAL : SEVERITY_WARNING, "FORWARD",
			      forward->jump + 1,
			      xasprintf("rule %zu of FORWARD jumps to Docker's chain %s before rule %zu jumps to %s%s",
					docker.rules[0], chain->rules[docker.rules[0] - 1]->chain,
					forward->jump + 1, DOCKER_USER,
					docker.harmful ? "" : ", though nothing in it can accept"));
		finding->rules = docker.rules;
		finding->nrules = docker.n;
		docker.rules = NULL;
	}
	if (others.n) {
		char *list = rule_list(others.rules, others.n);

		finding = check_add(subject, ACCEPT_BEFORE_USER,
			      others.harmful ? SEVERITY_CRITICAL : SEVERITY_WARNING, "FORWARD",
			      others.rules[0],
			      xasprintf("%s of FORWARD can accept %s before rule %zu jumps to %s", list,
					others.harmful ? "new connections to containers" : "packets",
					forward->jump + 1, DOCKER_USER));
		/* Only chains can be trusted to come first. */
		if (others.calls)
			finding->remedy = &repair_or_trust;
		finding->rules = others.rules;
		finding->nrules = others.n;
		others.rules = NULL;
		free(list);
	}
	free(docker.rules);
	free(others.rules);
}

static void check_opaque(const struct subject *subject, const struct chain *chain, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (chain->rules[i]->opaque)
			check_add(subject, RULE_OPAQUE, SEVERITY_WARNING, chain->name, i + 1,
			    xasprintf("rule %zu of %s cannot be decoded in full (%s) and is assumed to be able to accept",
				      i + 1, chain->name, chain->rules[i]->opaque));
}

/* A FORWARD that is not hooked as iptables hooks it; only nft creates such chains. */
static void check_hooked(const struct subject *subject)
{
	bool dormant = subject->table->dormant;
	struct finding *finding = check_add(subject, USER_JUMP_MISSING, SEVERITY_CRITICAL, "FORWARD", 0,
		xasprintf("no forwarded packet reaches FORWARD, so none of its rules are evaluated: %s",
			  dormant ? "the table is dormant" : "it is not the base chain that iptables creates"));

	finding->repairable = false;
	finding->remedy = dormant ? &wake_table : &make_base_chain;
}

static void check_forward(const struct subject *subject)
{
	struct forward forward;

	forward_look(&forward, subject->policy, subject->reach, subject->table);
	if (forward.first == NOWHERE)
		check_add(subject, USER_JUMP_MISSING, SEVERITY_CRITICAL, "FORWARD", 0,
		    xasprintf("FORWARD never jumps to %s, so none of its rules are evaluated", DOCKER_USER));
	else if (forward.jump == NOWHERE)
		check_add(subject, USER_JUMP_CONDITIONAL, SEVERITY_CRITICAL, "FORWARD", forward.first + 1,
		    xasprintf("rule %zu of FORWARD jumps to %s for some packets only",
			      forward.first + 1, DOCKER_USER));
	else if (!forward.right)
		check_front(subject, &forward);
	if (forward.njumps > 1)
		check_add(subject, USER_JUMP_DUPLICATE, SEVERITY_WARNING, "FORWARD", forward.second + 1,
		    xasprintf("FORWARD jumps to %s %zu times; rule %zu is the second jump",
			      DOCKER_USER, forward.njumps, forward.second + 1));
	if (!forward.chain)
		return;
	if (!forward.chain->builtin)
		check_hooked(subject);
	check_opaque(subject, forward.chain,
		     forward.jump == NOWHERE ? forward.chain->nrules : forward.jump);
}

/* A configured rule and its place in the configuration, for a message. */
static char *origin(const struct wanted_rule *wanted)
{
	return xasprintf("'%s' (%s:%u)", wanted->text, wanted->file, wanted->line);
}

static void check_wanted(const struct subject *subject, const struct chain_diff *diff, const char *name)
{
	bool bypassed = false;

	for (size_t w = 0; w < diff->wanted->n; w++) {
		size_t at = diff->live[w];
		char *what;

		if (at != DIFF_MISSING && diff->fates[at] == LIVE_KEPT)
			continue;
		if (at != DIFF_MISSING && at > diff->barrier) {
			bypassed = true;
			continue;
		}
		what = origin(&diff->wanted->v[w]);
		if (at == DIFF_MISSING)
			check_add(subject, RULE_MISSING, SEVERITY_CRITICAL, name, 0,
			    xasprintf("%s does not hold %s", name, what));
		else
			check_add(subject, RULE_ORDER, SEVERITY_CRITICAL, name, at + 1,
			    xasprintf("rule %zu of %s is out of order: %s", at + 1, name, what));
		free(what);
	}
	if (bypassed)
		check_add(subject, RULE_BYPASSED, SEVERITY_CRITICAL, name, diff->barrier + 1,
		    xasprintf("rule %zu of %s can let packets past the configured rules after it",
			      diff->barrier + 1, name));
}

static void check_others(const struct subject *subject, const struct chain_diff *diff)
{
	const struct chain *chain = diff->chain;
	size_t end = NOWHERE;

	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		switch (diff->fates[i]) {
		case LIVE_STALE:
			check_add(subject, RULE_STALE, SEVERITY_WARNING, chain->name, i + 1,
			    xasprintf("rule %zu of %s %s", i + 1, chain->name,
				      rule_is_marked(rule)
					      ? "was installed by dockfw-check and is no longer configured"
					      : "is there more than once"));
			break;
		case LIVE_EVICTED:
			check_add(subject, RULE_STALE, SEVERITY_WARNING, chain->name, i + 1,
			    xasprintf("rule %zu of %s is not configured, and the chain may hold only configured rules",
				      i + 1, chain->name));
			break;
		case LIVE_FOREIGN:
			if (end != NOWHERE && !docker_is_closing(chain, i))
				check_add(subject, RULE_UNREACHABLE, SEVERITY_WARNING, chain->name, i + 1,
				    xasprintf("rule %zu of %s is never evaluated: rule %zu ends the chain for every packet",
					      i + 1, chain->name, end + 1));
			break;
		default:
			break;
		}
		if (end == NOWHERE && diff->fates[i] != LIVE_STALE && diff->fates[i] != LIVE_EVICTED &&
		    rule_ends_chain(rule))
			end = i;
	}
	check_opaque(subject, chain, chain->nrules);
}

static void check_chain(const struct subject *subject, const struct wanted_chain *wanted)
{
	const struct chain *chain = table_chain(subject->table, wanted->name);
	struct chain_diff diff;

	if (chain && chain->foreign_base) {
		struct finding *finding = check_add(subject, USER_CHAIN_MISSING, SEVERITY_CRITICAL, wanted->name, 0,
			xasprintf("%s is a base chain, as only nft creates them: no rule can jump to it",
				  wanted->name));

		finding->repairable = false;
		finding->remedy = &rename_base_chain;
	} else if (!chain && !strcmp(wanted->name, DOCKER_USER))
		check_add(subject, USER_CHAIN_MISSING, SEVERITY_CRITICAL, wanted->name, 0,
		    xasprintf("there is no chain %s", wanted->name));
	else if (!chain && !wanted->rules[subject->family].n &&
		 policy_needs_chain(subject->policy, wanted, subject->family))
		check_add(subject, RULE_MISSING, SEVERITY_CRITICAL, wanted->name, 0,
		    xasprintf("there is no chain %s (%s:%u)", wanted->name, wanted->file,
			      wanted->line));
	if (wanted->filled_by == FILLED_BY_OTHERS)
		return;
	chain_diff_make(&diff, &wanted->rules[subject->family], subject->reach, chain,
		  chain_is_exclusive(subject->policy, wanted->name));
	check_wanted(subject, &diff, wanted->name);
	if (chain)
		check_others(subject, &diff);
	chain_diff_clear(&diff);
}

static void check_family(const struct policy *policy, const struct snapshot *snapshot,
			 enum family family, struct findings *findings)
{
	struct subject subject = {
		.policy = policy,
		.table = snapshot_table(snapshot, family, FILTER),
		.family = family,
		.findings = findings,
	};

	subject.reach = reach_new(subject.table, policy);
	check_forward(&subject);
	for (size_t i = 0; i < policy->nchains; i++)
		check_chain(&subject, policy->chains[i]);
	reach_free(subject.reach);
}

void check(const struct policy *policy, const struct snapshot *snapshot,
	   const struct dockerd *dockerd, struct findings *findings)
{
	unsigned int families = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT; family++) {
		size_t first = findings->n;

		if (!(families & (1U << family)))
			continue;
		check_family(policy, snapshot, (enum family)family, findings);
		for (size_t i = first; i < findings->n; i++)
			findings->v[i].absent = !dockerd->running &&
						!docker_has_chains(snapshot, (enum family)family);
	}
	check_docker(policy, snapshot, dockerd, findings);
}
