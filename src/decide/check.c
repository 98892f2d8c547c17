/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "check_docker.h"
#include "check_goto.h"
#include "check_promise.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "exposes.h"
#include "forward.h"
#include "text.h"
#include "util.h"
#include "xt_target.h"

#define FILTER "filter"

/* Remedies for cases that the id's own remedy does not fit. */
static const struct remedy repair_or_trust = {
	"run: ", RUN_REPAIR, ", or list the chain that the rule jumps to in trusted-chains",
};
static const struct remedy repair_and_delete = {
	"run: ", RUN_REPAIR, ", and delete the goto: it keeps packets from the rules after it",
};
static const struct remedy wake_table = {
	"reactivate the table with: nft add table ip filter (ip6 for IPv6)", RUN_NONE, NULL,
};
static const struct remedy make_base_chain = {
	"inspect it with: nft list table ip filter (ip6 for IPv6), and recreate it with iptables",
	RUN_NONE, NULL,
};
static const struct remedy queue_elsewhere = {
	"delete it, and queue the packets in the chain FORWARD of the table mangle: from there, those "
	"that the program accepts go on to DOCKER-USER", RUN_NONE, NULL,
};
static const struct remedy order_by_hand = {
	"move the rules of others that refuse before those that accept or return", RUN_NONE, NULL,
};
static const struct remedy flush_restored = {
	"if nft has put this program's own rules back, as from a list of the ruleset, flush "
	"DOCKER-USER (nft flush chain ip filter DOCKER-USER, ip6 for IPv6), then run: ", RUN_REPAIR,
	"; else move the rules of others that refuse before those that accept or return",
};
static const struct remedy return_instead = {
	"DOCKER-USER would accept what a rule before it refuses: use RETURN there instead of ACCEPT, or move the refusing rules to the top of FORWARD",
	RUN_NONE, NULL,
};
static const struct remedy move_or_delete = {
	"delete the rule that ends the chain, or move it after the configured ones", RUN_NONE, NULL,
};
static const struct remedy own_or_delete = {
	"delete it, or put it into the configuration if it is meant", RUN_NONE, NULL,
};
static const struct remedy rename_base_chain = {
	"delete or rename it with nft, then run: ", RUN_REPAIR, NULL,
};

/* What the checks of one family share. */
struct subject {
	const struct policy *policy;
	const struct table *table; /* filter, or NULL */
	struct reach *reach;
	enum family family;
	enum backend_kind kind;
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
	bool calls; /* one of them is a jump or goto to a chain that can be trusted */
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
	culprits->calls |= rule->chain && !rule->opaque && strcmp(rule->chain, DOCKER_USER);
}

/* "before rule 3 jumps to DOCKER-USER"; the caller frees it. */
static char *before_jump(const struct forward *forward, size_t first)
{
	if (first == forward->jump)
		return xasprintf("before it gets to %s", DOCKER_USER);
	return xasprintf("before rule %zu %s %s", forward->jump + 1,
			 forward->through.call == CALL_NONE ? "jumps to" : "leads to", DOCKER_USER);
}

/* Sorts out the rules that come before DOCKER-USER; the jump itself may lead to some. */
static void find_culprits(const struct subject *subject, const struct forward *forward,
			  struct culprits *docker, struct culprits *others)
{
	const struct chain *chain = forward->chain;
	struct user_calls *calls = user_calls_new(subject->policy, subject->reach, subject->table);

	for (size_t i = 0; i <= forward->jump; i++) {
		const struct rule *rule = chain->rules[i];
		bool jump = i == forward->jump;
		enum front front = jump ? forward->through.front
					: forward_front_of(subject->policy, subject->reach, calls,
							   chain, rule);

		if (front == FRONT_DOCKER)
			culprits_add(docker, i + 1, rule,
				     jump ? forward->through.accepts
					  : reach_accepts(subject->reach, chain, rule, false));
		else if (front == FRONT_ACCEPTS)
			culprits_add(others, i + 1, rule,
				     rule_exposes(subject->policy, subject->reach, subject->table,
						  rule));
	}
	user_calls_free(calls);
}

/* Whether a repair leaves all of them before the jump, since a ban comes after them. */
static bool culprits_stay(const struct forward *forward, const struct culprits *culprits)
{
	return forward->stays || culprits->rules[culprits->n - 1] <= forward->insert;
}

/* Why the jump stays, if what is kept out does not show in FORWARD; the caller frees it. */
static char *why_it_stays(const struct forward *forward)
{
	if (!forward->stays || !forward->ban.chain)
		return xstrdup("");
	return xasprintf("; the jump stays there: earlier, %s could accept what rule %zu of %s refuses",
			 DOCKER_USER, forward->ban.rule + 1, forward->ban.chain->name);
}

/* Reports the rules before DOCKER-USER that must not be there. */
static void check_front(const struct subject *subject, const struct forward *forward)
{
	const struct chain *chain = forward->chain;
	struct culprits docker = { .rules = xcalloc(forward->jump + 1, sizeof(size_t)) };
	struct culprits others = { .rules = xcalloc(forward->jump + 1, sizeof(size_t)) };
	struct finding *finding;
	char *before;

	find_culprits(subject, forward, &docker, &others);
	if (docker.n) {
		before = before_jump(forward, docker.rules[0] - 1);
		finding = check_add(subject, USER_JUMP_LATE,
			      docker.harmful ? SEVERITY_CRITICAL : SEVERITY_WARNING, "FORWARD",
			      forward->jump + 1,
			      xasprintf("rule %zu of FORWARD jumps to Docker's chain %s %s%s",
					docker.rules[0], chain->rules[docker.rules[0] - 1]->chain,
					before, docker.harmful ? "" : ", though nothing in it can accept"));
		finding->rules = docker.rules;
		finding->nrules = docker.n;
		docker.rules = NULL;
		free(before);
	}
	if (others.n) {
		char *list = rule_list(others.rules, others.n);
		char *why = why_it_stays(forward);

		before = before_jump(forward, others.n == 1 ? others.rules[0] - 1 : NOWHERE);
		finding = check_add(subject, ACCEPT_BEFORE_USER,
			      others.harmful ? SEVERITY_CRITICAL : SEVERITY_WARNING, "FORWARD",
			      others.rules[0],
			      xasprintf("%s of FORWARD can accept %s %s%s", list,
					others.harmful ? "new connections to containers" : "packets",
					before, why));
		if (culprits_stay(forward, &others)) {
			finding->repairable = false;
			finding->remedy = &return_instead;
		} else if (others.calls) /* Only chains can be trusted to come first. */
			finding->remedy = &repair_or_trust;
		finding->rules = others.rules;
		finding->nrules = others.n;
		others.rules = NULL;
		free(before);
		free(list);
		free(why);
	}
	free(docker.rules);
	free(others.rules);
}

/* What an opaque rule can do, for the end of a message. */
static char *opaque_end(const struct rule *rule)
{
	if (!rule->end_known)
		return xstrdup(" and is assumed to be able to accept");
	switch (rule->verdict) {
	case VERDICT_NONE:
		return xstrdup("; it has no verdict");
	case VERDICT_DROP:
		return xstrdup("; it can only drop");
	case VERDICT_EXT:
		return xstrdup("; it can only reject");
	case VERDICT_RETURN:
		return xstrdup("; it can return");
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return xasprintf("; it can jump to %s", rule->chain);
	default:
		return xstrdup("; it can accept");
	}
}

static void check_opaque(const struct subject *subject, const struct chain *chain, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rule *rule = chain->rules[i];
		char *end;

		if (!rule->opaque)
			continue;
		end = opaque_end(rule);
		check_add(subject, RULE_OPAQUE, SEVERITY_WARNING, chain->name, i + 1,
			  xasprintf("rule %zu of %s cannot be decoded in full (%s)%s", i + 1,
				    chain->name, rule->opaque, end));
		free(end);
	}
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

/* Only rules that some packets pass without getting to DOCKER-USER. */
static void check_some(const struct subject *subject, const struct forward *forward)
{
	bool direct = forward->first != NOWHERE;
	size_t at = direct ? forward->first : forward->some;

	check_add(subject, USER_JUMP_CONDITIONAL, SEVERITY_CRITICAL, "FORWARD", at + 1,
	    xasprintf("rule %zu of FORWARD %s to %s for some packets only", at + 1,
		      direct ? "jumps" : "leads", DOCKER_USER));
}

/* Without a jump: after a goto, FORWARD's other rules never see what returns. */
static void check_no_jump(const struct subject *subject, const struct chain *chain)
{
	size_t at = 0, n = chain ? chain->nrules : 0;

	while (at < n && (chain->rules[at]->opaque || !rule_leads_to(chain->rules[at], DOCKER_USER)))
		at++;
	if (at == n) {
		check_add(subject, USER_JUMP_MISSING, SEVERITY_CRITICAL, "FORWARD", 0,
		    xasprintf("FORWARD never jumps to %s, so none of its rules are evaluated", DOCKER_USER));
		return;
	}
	/* A repair leaves the goto, which is not ours. */
	check_add(subject, USER_JUMP_MISSING, SEVERITY_CRITICAL, "FORWARD", at + 1,
	    xasprintf("rule %zu of FORWARD goes to %s by a goto, not a jump: what returns from there "
		      "gets FORWARD's policy, and no other rule of FORWARD", at + 1,
		      DOCKER_USER))->remedy = &repair_and_delete;
}

static void check_forward(const struct subject *subject)
{
	const struct chain *user = table_chain(subject->table, DOCKER_USER);
	struct forward forward;

	forward_look(&forward, subject->policy, subject->reach, subject->table);
	if (user && user->foreign_base)
		; /* no rule can jump to it, which check_chain() reports */
	else if (forward.jump == NOWHERE && forward.first == NOWHERE && forward.some == NOWHERE)
		check_no_jump(subject, forward.chain);
	else if (forward.jump == NOWHERE)
		check_some(subject, &forward);
	else if (!forward.right)
		check_front(subject, &forward);
	if (forward.njumps > 1)
		check_add(subject, USER_JUMP_DUPLICATE, SEVERITY_WARNING, "FORWARD", forward.second + 1,
		    xasprintf("FORWARD jumps to %s %zu times; rule %zu is the second jump",
			      DOCKER_USER, forward.njumps, forward.second + 1));
	check_gotos(subject->policy, subject->reach, subject->table, &forward, subject->kind,
		    subject->findings);
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

static void add_bypassed(const struct subject *subject, const char *name, size_t rule,
			 enum severity severity, const struct remedy *remedy, const char *how)
{
	struct finding *finding = check_add(subject, RULE_BYPASSED, severity, name, rule + 1,
					    xasprintf("rule %zu of %s %s", rule + 1, name, how));

	if (!remedy)
		return;
	finding->repairable = false;
	finding->remedy = remedy;
}

/* A configured rule for which there is no place, and which would precede a rule of others. */
static void add_stuck(const struct subject *subject, const struct chain_diff *diff, size_t wanted,
		      const char *name, const char *what)
{
	size_t at = diff->live[wanted];
	struct finding *finding;

	if (at == DIFF_MISSING)
		finding = check_add(subject, RULE_MISSING, SEVERITY_CRITICAL, name, 0,
			xasprintf("%s does not hold %s: before the configured rules after it, it would let in what a rule of others refuses",
				  name, what));
	else
		finding = check_add(subject, RULE_ORDER, SEVERITY_CRITICAL, name, at + 1,
			xasprintf("rule %zu of %s is out of order, and stays: before the configured rules after it, it would let in what a rule of others refuses: %s",
				  at + 1, name, what));
	finding->repairable = false;
	finding->remedy = &order_by_hand;
}

static void check_missing(const struct subject *subject, const struct chain_diff *diff, const char *name)
{
	const struct chain_bounds *bounds = &diff->bounds;
	size_t bypassing = bounds->nforeign;

	for (size_t w = 0; w < diff->wanted->n; w++) {
		size_t at = diff->live[w];
		char *what;

		if (chain_diff_is_kept(diff, w) || diff->wanted->v[w].refused)
			continue;
		if (at != DIFF_MISSING && !bounds->stuck[w] && bounds->before[at] > bounds->to[w]) {
			if (bounds->wish[w] < bypassing)
				bypassing = bounds->wish[w];
			continue;
		}
		what = origin(&diff->wanted->v[w]);
		if (bounds->stuck[w])
			add_stuck(subject, diff, w, name, what);
		else if (at == DIFF_MISSING)
			check_add(subject, RULE_MISSING, SEVERITY_CRITICAL, name, 0,
			    xasprintf("%s does not hold %s", name, what));
		else
			check_add(subject, RULE_ORDER, SEVERITY_CRITICAL, name, at + 1,
			    xasprintf("rule %zu of %s is out of order: %s", at + 1, name, what));
		free(what);
	}
	if (bypassing < bounds->nforeign)
		add_bypassed(subject, name, bounds->foreign[bypassing], SEVERITY_CRITICAL, NULL,
			     "can let packets past the configured rules after it");
}

/*
 * The first foreign rule before a configured one in its place that lets packets past it: of
 * new connections, or only of open ones. The number of foreign rules if there is none.
 */
static size_t passed_by(const struct subject *subject, const struct chain_diff *diff, size_t wanted,
			bool fresh)
{
	const struct chain_bounds *bounds = &diff->bounds;
	const struct chain *chain = diff->chain;

	if (!chain_diff_is_kept(diff, wanted) ||
	    !reach_refuses(subject->reach, diff->wanted->v[wanted].rule))
		return bounds->nforeign;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a kept rule is in a chain */
	for (size_t place = 0; place < bounds->before[diff->live[wanted]] &&
			       bounds->foreign[place] <= bounds->end; place++) {
		const struct rule *rule = chain->rules[bounds->foreign[place]];
		bool passes = fresh ? reach_bypasses(subject->reach, chain, rule) :
				      reach_passes(subject->reach, rule) &&
					      !reach_bypasses(subject->reach, chain, rule);

		if (passes && foreign_can_meet(subject->reach, rule, &diff->wanted->v[wanted]) &&
		    !chain_diff_lets_before(diff, wanted, rule))
			return place;
	}
	return bounds->nforeign;
}

/* Foreign rules that stay before configured ones, though they let packets past those. */
static void check_passed(const struct subject *subject, const struct chain_diff *diff, const char *name)
{
	const struct chain_bounds *bounds = &diff->bounds;
	size_t fresh = bounds->nforeign, open = bounds->nforeign;
	bool written_by_nft;

	for (size_t w = 0; w < diff->wanted->n; w++) {
		size_t by = passed_by(subject, diff, w, true);

		fresh = by < fresh ? by : fresh;
		by = passed_by(subject, diff, w, false);
		open = by < open ? by : open;
	}
	written_by_nft = fresh < bounds->nforeign && !strcmp(name, DOCKER_USER) &&
			 diff->chain->rules[bounds->foreign[fresh]]->opaque;
	if (fresh < bounds->nforeign && rule_queues(diff->chain->rules[bounds->foreign[fresh]]))
		add_bypassed(subject, name, bounds->foreign[fresh], SEVERITY_CRITICAL, &queue_elsewhere,
			     "hands packets to a program, and those that it accepts are let past "
			     "the configured rules after it");
	else if (fresh < bounds->nforeign)
		add_bypassed(subject, name, bounds->foreign[fresh], SEVERITY_CRITICAL,
			     written_by_nft ? &flush_restored : &order_by_hand,
			     "can let packets past configured rules, which stay after it: "
			     "before it, they would let in what a rule of others refuses");
	if (open < bounds->nforeign)
		add_bypassed(subject, name, bounds->foreign[open], SEVERITY_WARNING, &own_or_delete,
			     "lets packets of open connections past the configured rules after it");
}

/* A configured rule after one of others that stays. */
static void add_not_evaluated(const struct subject *subject, const char *name, size_t rule, size_t end)
{
	struct finding *finding = check_add(subject, RULE_NOT_EVALUATED, SEVERITY_WARNING, name, rule,
		xasprintf("rule %zu of %s, which is configured, is never evaluated: rule %zu ends the chain for every packet",
			  rule, name, end));

	finding->remedy = &move_or_delete;
}

static void check_others(const struct subject *subject, const struct chain_diff *diff)
{
	const struct chain *chain = diff->chain;
	size_t end = NOWHERE;
	bool silent = false; /* one such finding stands for the rules after it */

	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		switch (diff->fates[i]) {
		case LIVE_STALE:
		case LIVE_COPY:
			check_add(subject, RULE_STALE, SEVERITY_WARNING, chain->name, i + 1,
			    xasprintf("rule %zu of %s %s", i + 1, chain->name,
				      diff->fates[i] == LIVE_STALE && rule_is_marked(rule)
					      ? "was installed by dockfw-check and is no longer configured"
					      : "is there more than once"));
			break;
		case LIVE_EVICTED:
			check_add(subject, RULE_STALE, SEVERITY_WARNING, chain->name, i + 1,
			    xasprintf("rule %zu of %s is not configured, and the chain may hold only configured rules",
				      i + 1, chain->name));
			break;
		case LIVE_KEPT:
			if (end != NOWHERE && diff->fates[end] == LIVE_FOREIGN && !silent) {
				add_not_evaluated(subject, chain->name, i + 1, end + 1);
				silent = true;
			}
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
		if (end == NOWHERE && diff->fates[i] != LIVE_STALE && diff->fates[i] != LIVE_COPY &&
		    diff->fates[i] != LIVE_EVICTED && rule_ends_chain(rule))
			end = i;
	}
	check_opaque(subject, chain, chain->nrules);
}

static void check_chain(const struct subject *subject, const struct wanted_chain *wanted)
{
	const struct chain *chain = table_chain(subject->table, wanted->name);
	struct chain_diff diff;

	if (!policy_chain_in(subject->policy, wanted->name, subject->family))
		return;
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
	if (!chain_is_held(subject->policy, wanted->name, subject->family) ||
	    chain_is_left(subject->policy, chain))
		return;
	chain_diff_make(&diff, &wanted->rules[subject->family], subject->reach, chain,
		  chain_holding(subject->policy, wanted->name));
	check_missing(subject, &diff, wanted->name);
	check_passed(subject, &diff, wanted->name);
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
		.kind = snapshot->backend,
		.findings = findings,
	};

	subject.reach = reach_new(subject.table, policy);
	check_forward(&subject);
	for (size_t i = 0; i < policy->nchains; i++)
		check_chain(&subject, policy->chains[i]);
	check_promises(policy, subject.reach, findings);
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
			findings->v[i].absent = !dockerd_counts(dockerd) &&
						!docker_has_chains(snapshot, (enum family)family) &&
						!docker_has_nftables(snapshot, (enum family)family);
	}
	check_docker(policy, snapshot, dockerd, findings);
}
