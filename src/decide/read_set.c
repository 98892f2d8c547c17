/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_set.h"

#include <string.h>

#include "accepts.h"
#include "chain_diff.h"
#include "check_goto.h"
#include "closing.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "forward.h"
#include "guard_names.h"
#include "pure_match.h"

static bool is_right_jump(const struct rule *rule)
{
	return rule->verdict == VERDICT_JUMP && rule_leads_to(rule, DOCKER_USER) &&
	       rule_unconditional(rule);
}

/*
 * The next chain that may name the bridges, which decide what another rule's -o means. forward
 * may be NULL.
 */
static struct chain *about_bridges(struct reach *reach, const struct table *table,
				   const struct chain *forward)
{
	struct chain *own = table_chain(table, "DOCKER-FORWARD"), *missing = NULL;

	if (own && !own->loaded)
		return own;
	/* A rule with an -o that may lead to Docker's chains through another chain. */
	for (size_t i = 0; forward && i < forward->nrules && !missing; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule->out.mask[0] && rule->chain && !docker_owns_chain(rule->chain) &&
		    strcmp(rule->chain, DOCKER_USER))
			missing = reach_unloaded(reach, rule);
	}
	return missing;
}

/* The next chain that FORWARD's rules before the jump lead to. */
static struct chain *in_front(const struct policy *policy, struct reach *reach,
			      const struct table *table, const struct chain *forward)
{
	struct user_calls *calls = user_calls_new(policy, reach, table);
	struct chain *missing = NULL;
	bool goes_on = true;

	for (size_t i = 0; i < forward->nrules && goes_on && !missing; i++) {
		const struct rule *rule = forward->rules[i];
		struct user_call call;

		if (is_right_jump(rule))
			break;
		/* A goto is not a jump: it may accept, so its chain must be read. */
		if (rule->verdict == VERDICT_JUMP && rule_leads_to(rule, DOCKER_USER))
			continue;
		missing = reach_unloaded(reach, rule);
		if (missing)
			break;
		call = user_calls_of(calls, rule);
		/* If it can accept, some -o in it may make that harmless. */
		if ((rule->out.mask[0] || rule_jumps(rule)) &&
		    (call.front == FRONT_ACCEPTS ||
		     forward_front(policy, reach, forward, rule) == FRONT_ACCEPTS))
			missing = about_bridges(reach, table, forward);
		goes_on = call.call != CALL_ALL;
	}
	user_calls_free(calls);
	return missing;
}

/* The next chain that shows what packets miss after a goto to DOCKER-USER. */
static struct chain *after_goto(struct reach *reach, const struct table *table,
				const struct chain *forward)
{
	struct chain *missing = NULL;
	bool after = false;

	for (size_t i = 0; i < forward->nrules && !missing; i++) {
		const struct rule *rule = forward->rules[i];

		if (after)
			missing = reach_unloaded(reach, rule);
		else if (is_user_goto(rule) && rule->out.mask[0])
			missing = about_bridges(reach, table, forward);
		after |= is_user_goto(rule);
	}
	return missing;
}

/* The held chain as it is; nothing depends on the rules of one that others fill. */
static struct chain *live_held(const struct policy *policy, const struct table *table,
			       const struct wanted_chain *wanted)
{
	return chain_is_held(policy, wanted->name, table->family)
		       ? table_chain(table, wanted->name) : NULL;
}

/*
 * The next chain that the foreign and the stale rules of a configured chain lead to, or that
 * shows whether the -o of one is a bridge of Docker's.
 */
static struct chain *in_held(struct reach *reach, const struct policy *policy,
			     const struct table *table, const struct chain *held)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	for (size_t i = 0; i < held->nrules; i++) {
		const struct rule *rule = held->rules[i];
		struct chain *missing = NULL;

		if (policy->nsections && rule->out.mask[0])
			missing = about_bridges(reach, table, forward);
		if (!missing &&
		    !(rule_jumps(rule) && policy_chain_in(policy, rule->chain, rule->family)))
			missing = reach_unloaded(reach, rule);
		if (missing)
			return missing;
	}
	return NULL;
}

/* The next chain that shows whether those that should only refuse do. */
static struct chain *in_promised(struct reach *reach, const struct policy *policy,
				 const struct table *table)
{
	for (size_t c = 0; c < policy->nchains; c++) {
		struct chain *chain = table_chain(table, policy->chains[c]->name), *missing;

		if (!chain || !wanted_promises(policy->chains[c]))
			continue;
		if (!chain->loaded)
			return chain;
		for (size_t i = 0; i < chain->nrules; i++) {
			missing = reach_unloaded(reach, chain->rules[i]);
			if (missing)
				return missing;
		}
	}
	return NULL;
}

/*
 * A chain that is no longer configured is deleted only if no other rule leads to it,
 * not even in Docker's chains. So if there is one, all chains must be read.
 */
static struct chain *around_stale(const struct policy *policy, const struct table *table)
{
	bool stale = false;

	for (size_t c = 0; c < table->nchains && !stale; c++)
		stale = chain_is_stale(policy, table->chains[c]);
	for (size_t c = 0; c < table->nchains && stale; c++)
		if (!table->chains[c]->loaded)
			return table->chains[c];
	return NULL;
}

/*
 * Whether a rule that the guard may hold is: a configured one, or one of others in DOCKER-USER
 * or in a chain that a rule there leads to.
 */
static bool has_about_written(const struct policy *policy, const struct table *table)
{
	const struct chain *user = table_chain(table, DOCKER_USER);

	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[table->family];

		for (size_t i = 0; i < rules->n; i++)
			if (rule_may_be_about_written(rules->v[i].rule) ||
			    accepts_match_written(table, rules->v[i].rule))
				return true;
	}
	for (size_t i = 0; user && i < user->nrules; i++)
		if (rule_may_be_about_written(user->rules[i]) || accepts_match_written(table, user->rules[i]))
			return true;
	return false;
}

/* Unless the chain that it leads to is configured as one that only refuses. */
static struct chain *what_lets_pass(const struct policy *policy, const struct table *table,
				    const struct rule *rule)
{
	const struct wanted_chain *to =
		rule_jumps(rule) ? policy_chain_in(policy, rule->chain, table->family) : NULL;

	if (to && wanted_promises(to))
		return NULL;
	return accepts_unloaded(table, rule);
}

/*
 * The next chain that others fill and that the guard has to know: where it refuses what is left
 * to the host's own firewall, it lets pass only what these let pass.
 */
static struct chain *before_host(const struct policy *policy, const struct table *table)
{
	const struct chain *user = table_chain(table, DOCKER_USER);
	struct chain *missing = NULL;

	if (policy->guard == GUARD_OFF || !policy_follows_host(policy))
		return NULL;
	for (size_t c = 0; c < policy->nchains && !missing; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[table->family];

		for (size_t i = 0; i < rules->n && !missing; i++)
			missing = what_lets_pass(policy, table, rules->v[i].rule);
	}
	for (size_t i = 0; user && i < user->nrules && !missing; i++)
		missing = what_lets_pass(policy, table, user->rules[i]);
	return missing;
}

/* What those match on may be written in any chain but Docker's. */
static struct chain *around_written(const struct policy *policy, const struct table *table)
{
	if (policy->guard == GUARD_OFF || !has_about_written(policy, table))
		return NULL;
	for (size_t c = 0; c < table->nchains; c++)
		if (!table->chains[c]->loaded && !docker_owns_chain(table->chains[c]->name))
			return table->chains[c];
	return NULL;
}

static struct chain *select_of_table(const struct policy *policy, const struct table *table)
{
	struct chain *forward = table_chain(table, "FORWARD");
	struct chain *missing = NULL;
	struct reach *reach;

	if (forward && !forward->loaded)
		return forward;
	for (size_t i = 0; i < policy->nchains; i++) {
		struct chain *held = live_held(policy, table, policy->chains[i]);

		if (held && !held->loaded)
			return held;
	}
	reach = reach_new(table, policy);
	if (forward)
		missing = in_front(policy, reach, table, forward);
	if (forward && !missing)
		missing = after_goto(reach, table, forward);
	for (size_t i = 0; i < policy->nchains && !missing; i++) {
		const struct chain *held = live_held(policy, table, policy->chains[i]);

		if (held)
			missing = in_held(reach, policy, table, held);
	}
	if (!missing)
		missing = in_promised(reach, policy, table);
	reach_free(reach);
	if (!missing)
		missing = before_host(policy, table);
	if (!missing)
		missing = around_written(policy, table);
	return missing ? missing : around_stale(policy, table);
}

struct chain *select_guard(const struct policy *policy, const struct snapshot *snapshot,
			   struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded && guard_has_name((*table)->name))
				return (*table)->chains[c];
	}
	return NULL;
}

struct chain *select_judged(const struct policy *policy, const struct snapshot *snapshot,
			 struct table **table)
{
	unsigned int families = families_in_force(policy, snapshot);
	struct chain *missing_native;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct table *filter, *nat;
		struct chain *missing;

		/* The guard is held in each configured family. */
		if (!(policy->families & (1U << family)))
			continue;
		*table = filter = snapshot_table(snapshot, (enum family)family, "filter");
		missing = filter ? select_of_table(policy, filter) : NULL;
		if (missing)
			return missing;
		missing = closing_chain_in_doubt(policy, filter);
		if (missing)
			return missing;
		if (!(families & (1U << family)))
			continue;
		/* To see whether nat jumps to Docker's chain, and whether it should. */
		*table = nat = snapshot_table(snapshot, (enum family)family, "nat");
		missing = table_chain(nat, "PREROUTING");
		if (missing && !missing->loaded)
			return missing;
		missing = docker_chain_in_doubt(filter, nat, table);
		if (missing)
			return missing;
	}
	missing_native = docker_native_in_doubt(snapshot, table);
	return missing_native ? missing_native : select_guard(policy, snapshot, table);
}

struct chain *select_all(const struct policy *policy, const struct snapshot *snapshot,
			  struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded)
				return (*table)->chains[c];
	}
	return NULL;
}

struct chain *select_not_docker(const struct policy *policy, const struct snapshot *snapshot,
				struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded &&
			    !docker_owns_chain((*table)->chains[c]->name))
				return (*table)->chains[c];
	}
	return NULL;
}

struct chain *select_forward(const struct policy *policy, const struct snapshot *snapshot,
			     struct table **table)
{
	struct chain *missing = NULL;

	(void)policy;
	for (size_t t = 0; t < snapshot->ntables && !missing; t++) {
		struct reach *reach = reach_new(snapshot->tables[t], NULL);
		struct chain *chain = table_chain(snapshot->tables[t], "FORWARD");

		*table = snapshot->tables[t];
		if (chain && !chain->loaded)
			missing = chain;
		for (size_t i = 0; chain && i < chain->nrules && !missing; i++)
			missing = reach_unloaded(reach, chain->rules[i]);
		reach_free(reach);
	}
	return missing;
}

struct chain *select_other(const struct policy *policy, const struct snapshot *snapshot,
			   struct table **table)
{
	struct chain *missing = select_forward(policy, snapshot, table);

	if (!missing)
		missing = docker_native_in_doubt(snapshot, table);
	return missing ? missing : select_guard(policy, snapshot, table);
}

struct chain *select_docker_nat(const struct policy *policy, const struct snapshot *snapshot,
				 struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded &&
			    docker_owns_chain((*table)->chains[c]->name))
				return (*table)->chains[c];
	}
	return NULL;
}

struct chain *select_bridges(const struct policy *policy, const struct snapshot *snapshot,
			     struct table **table)
{
	static const char *const names[] = { "FORWARD", DOCKER_FORWARD };

	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct chain *chain = table_chain(*table, names[i]);

			if (chain && !chain->loaded)
				return chain;
		}
	}
	return NULL;
}

struct chain *select_docker_all(const struct policy *policy, const struct snapshot *snapshot,
				struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++) {
			struct chain *chain = (*table)->chains[c];

			if (!chain->loaded && (chain->builtin || docker_owns_chain(chain->name)))
				return chain;
		}
	}
	return NULL;
}
