/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposes.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "ways.h"
#include "xt_target.h"

/* ---- which interfaces are Docker's bridges ---- */

/* Whether the interface can be a bridge with one of Docker's default names. */
static bool bridge_by_name(const struct interface *out)
{
	static const char *const names[] = { "docker0", "docker_gwbridge", "br-+" };
	struct interface known;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (interface_set(&known, names[i]) && interfaces_overlap(&known, out))
			return true;
	return false;
}

enum seen { SEEN_NONE, SEEN_OTHERS, SEEN_IT };

static void see(enum seen *seen, const struct interface *iface, bool inverted,
		const struct interface *out)
{
	if (!iface->mask[0] || inverted || *seen == SEEN_IT)
		return;
	*seen = interfaces_overlap(iface, out) ? SEEN_IT : SEEN_OTHERS;
}

/* Whether Docker's rules name the interface as a bridge, only other ones, or none. */
static enum seen bridge_by_rules(struct reach *reach, const struct table *table,
				 const struct interface *out)
{
	const struct chain *own = table_chain(table, DOCKER_FORWARD);
	const struct chain *forward = table_chain(table, "FORWARD");
	enum seen seen = SEEN_NONE;

	for (size_t i = 0; own && i < own->nrules; i++) {
		see(&seen, &own->rules[i]->in, own->rules[i]->invert & INV_IN, out);
		see(&seen, &own->rules[i]->out, own->rules[i]->invert & INV_OUT, out);
	}
	for (size_t i = 0; forward && i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule_jumps(rule) && reach_is_docker(reach, rule->chain))
			see(&seen, &rule->out, rule->invert & INV_OUT, out);
	}
	return seen;
}

bool may_be_docker_bridge(struct reach *reach, const struct table *table,
			  const struct interface *out)
{
	return bridge_by_name(out) || bridge_by_rules(reach, table, out) != SEEN_OTHERS;
}

/* ---- what a rule and its chains accept ---- */

/* More interfaces than that on the ways to one rule are not told apart. */
#define STATES_MAX 64

enum outcome {
	UNKNOWN,
	HARMLESS,
	ENDED, /* harmless, and every packet that entered was in DOCKER-USER */
	EXPOSES,
};

/* What the chains do, by index, for packets of the same ways. */
struct state {
	struct ways ways;
	enum outcome *outcome; /* owned */
};

struct search {
	const struct policy *policy;
	struct reach *reach;
	const struct table *table;
	struct state states[STATES_MAX];
	size_t nstates;
	/* The last answer of to_container(): many rules have their chain's interface. */
	const struct interface *out;
	bool is_bridge;
};

static bool to_container(struct search *search, const struct ways *ways)
{
	if (!ways->out)
		return true;
	if (ways->out != search->out)
		search->is_bridge = may_be_docker_bridge(search->reach, search->table, ways->out);
	search->out = ways->out;
	return search->is_bridge;
}

static struct state *state_of(struct search *search, const struct ways *ways)
{
	struct state *state;

	for (size_t i = 0; i < search->nstates; i++)
		if (ways_same(&search->states[i].ways, ways))
			return &search->states[i];
	if (search->nstates == STATES_MAX)
		return NULL;
	state = &search->states[search->nstates++];
	state->ways = *ways;
	state->outcome = xcalloc(search->table->nchains, sizeof(*state->outcome));
	return state;
}

static enum outcome follow(struct search *search, const struct chain *chain,
			   const struct rule *rule, struct ways ways);

static enum outcome follow_rules(struct search *search, const struct chain *chain,
				 const struct wanted_chain *held, const struct ways *ways)
{
	const struct wanted_rules *wanted = held ? &held->rules[search->table->family] : NULL;

	for (size_t i = 0; i < chain->nrules; i++) {
		enum outcome outcome = follow(search, chain, chain->rules[i], *ways);

		if (outcome != HARMLESS)
			return outcome;
		/* In a configured chain a repair may delete the rule that ends it. */
		if (!held && rule_ends_chain(chain->rules[i]))
			break;
	}
	for (size_t i = 0; wanted && i < wanted->n; i++)
		if (follow(search, chain, wanted->v[i].rule, *ways) == EXPOSES)
			return EXPOSES;
	return HARMLESS;
}

static enum outcome follow_chain(struct search *search, const char *name, const struct ways *ways)
{
	const struct wanted_chain *held = policy_chain(search->policy, name);
	size_t at = table_index(search->table, name);
	struct state *state;

	if (held && held->filled_by == FILLED_BY_OTHERS)
		return held->verdicts == VERDICTS_ANY ? EXPOSES : HARMLESS;
	if (at == search->table->nchains || !search->table->chains[at]->loaded)
		return EXPOSES;
	state = state_of(search, ways);
	if (!state)
		return EXPOSES;
	if (state->outcome[at] == UNKNOWN) {
		/* Set first: a loop, which the kernel does not have, adds nothing. */
		state->outcome[at] = HARMLESS;
		state->outcome[at] = follow_rules(search, search->table->chains[at], held, ways);
	}
	return state->outcome[at];
}

static enum outcome follow_jump(struct search *search, const struct rule *rule,
				const struct ways *ways)
{
	enum outcome outcome = ENDED;

	if (!rule_leads_to(rule, DOCKER_USER))
		outcome = follow_chain(search, rule->chain, ways);
	return outcome == ENDED && !rule_unconditional(rule) ? HARMLESS : outcome;
}

/* ways: those of the packets that come to the rule. */
static enum outcome follow(struct search *search, const struct chain *chain,
			   const struct rule *rule, struct ways ways)
{
	bool leads = rule_jumps(rule) && !rule->opaque;

	if (leads ? rule_excludes_new(rule) : !reach_accepts(search->reach, chain, rule, true))
		return HARMLESS;
	if (!ways_narrow(&ways, rule) || !to_container(search, &ways))
		return HARMLESS;
	if (!leads)
		return EXPOSES;
	/* After a goto, what the chain returns is accepted if FORWARD's policy does that. */
	if (rule->verdict == VERDICT_GOTO && chain->builtin && chain->policy != VERDICT_DROP)
		return EXPOSES;
	return follow_jump(search, rule, &ways);
}

bool rule_exposes(const struct policy *policy, struct reach *reach, const struct table *table,
		  const struct rule *rule)
{
	struct search search = { .policy = policy, .reach = reach, .table = table };
	bool exposes = follow(&search, table_chain(table, "FORWARD"), rule,
			      (struct ways){ 0 }) == EXPOSES;

	for (size_t i = 0; i < search.nstates; i++)
		free(search.states[i].outcome);
	return exposes;
}
