/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_filtered.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "native_effect.h"
#include "target.h"
#include "util.h"
#include "xt_match.h"

#define VXLAN_PORT 4789 /* dockerd's, unless swarm init was given --data-path-port */

static bool has_match(const struct rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, name))
			return true;
	return false;
}

/*
 * "-p udp --dport 4789 -m u32 --u32 … -j DROP", with bpf instead of u32 where the kernel has
 * that: one for each encrypted overlay network.
 */
static bool is_of_overlay(const struct rule *rule)
{
	struct span ports;

	return !rule->opaque && rule->verdict == VERDICT_DROP && rule->proto == IPPROTO_UDP &&
	       !(rule->invert & INV_PROTO) && xt_match_rule_dports(rule, &ports) &&
	       ports.lo == ports.hi &&
	       (ports.lo == VXLAN_PORT || has_match(rule, "u32") || has_match(rule, "bpf"));
}

/* ---- iptables' chains ---- */

static bool chain_refuses(const struct table *table, const struct chain *chain, bool *seen);

static bool may_refuse(const struct table *table, const struct rule *rule, bool *seen)
{
	const struct chain *to;

	switch (target_effect(rule)) {
	case EFFECT_DROP:
	case EFFECT_REFUSE:
		return !is_of_overlay(rule);
	case EFFECT_UNDECIDED:
	case EFFECT_UNKNOWN:
		return true;
	case EFFECT_JUMP:
	case EFFECT_GOTO:
		to = table_chain(table, rule->chain);
		return !to || chain_refuses(table, to, seen);
	default:
		return false;
	}
}

/* Whether no packet comes to the rules after it. */
static bool ends(const struct rule *rule)
{
	return rule_unconditional(rule) &&
	       (rule->verdict == VERDICT_ACCEPT || rule->verdict == VERDICT_RETURN ||
		rule->verdict == VERDICT_GOTO);
}

/* Looks into each chain once; seen is parallel to the table's chains. */
static bool chain_refuses(const struct table *table, const struct chain *chain, bool *seen)
{
	size_t at = table_index(table, chain->name);

	if (seen[at])
		return false;
	seen[at] = true;
	if (!chain->loaded)
		return true;
	for (size_t i = 0; i < chain->nrules; i++) {
		if (may_refuse(table, chain->rules[i], seen))
			return true;
		if (ends(chain->rules[i]))
			break;
	}
	return false;
}

static bool input_refuses(const struct table *table)
{
	const struct chain *input = table_chain(table, "INPUT");
	bool *seen, refuses;

	if (!input || !input->builtin)
		return false;
	if (input->policy == VERDICT_DROP)
		return true;
	seen = xcalloc(table->nchains, sizeof(*seen));
	refuses = chain_refuses(table, input, seen);
	free(seen);
	return refuses;
}

/* ---- base chains of other tables ---- */

static bool other_chain_refuses(const struct other_filters *others, size_t at, bool *seen);

static bool other_may_refuse(const struct other_filters *others, const struct other_rule *rule,
			     bool *seen)
{
	switch (rule->xt ? target_effect(rule->xt) : native_effect(rule)) {
	case EFFECT_DROP:
	case EFFECT_REFUSE:
		return !rule->xt || !is_of_overlay(rule->xt);
	case EFFECT_UNDECIDED:
	case EFFECT_UNKNOWN:
		return true;
	case EFFECT_JUMP:
	case EFFECT_GOTO:
		return rule->to == OTHER_NOWHERE || other_chain_refuses(others, rule->to, seen);
	default:
		return false;
	}
}

static bool other_chain_refuses(const struct other_filters *others, size_t at, bool *seen)
{
	const struct other_chain *chain = &others->chains[at];

	if (seen[at])
		return false;
	seen[at] = true;
	for (size_t i = 0; i < chain->n; i++) {
		if (other_may_refuse(others, &chain->v[i], seen))
			return true;
		if (chain->v[i].xt && ends(chain->v[i].xt))
			break;
	}
	return false;
}

static bool hook_refuses(const struct other_filters *others, const struct other_hook *hook)
{
	bool *seen, refuses;

	if (hook->drops)
		return true;
	seen = xcalloc(others->nchains, sizeof(*seen));
	refuses = other_chain_refuses(others, hook->chain, seen);
	free(seen);
	return refuses;
}

bool host_is_filtered(const struct world *world, enum family family)
{
	static const char *const tables[] = { "mangle", "filter", "security" };
	const struct other_filters *others = world->others;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct table *table = snapshot_table(world->snapshot, family, tables[i]);

		if (table && input_refuses(table))
			return true;
	}
	for (size_t i = 0; others && i < others->n; i++)
		if (others->v[i].place == OTHER_INPUT && others->v[i].families & 1U << family &&
		    hook_refuses(others, &others->v[i]))
			return true;
	return false;
}
