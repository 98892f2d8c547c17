/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_rules.h"

#include <stdlib.h>
#include <string.h>

#include "xt_match.h"
#include "xt_target.h"

void host_rules_clear(struct host_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_free(rules->v[i]);
	free(rules->v);
	*rules = (struct host_rules){ 0 };
}

static void add_rule(struct host_rules *rules, struct rule *rule)
{
	GROW(rules->v, rules->n, rules->room);
	rules->v[rules->n++] = rule;
}

/* What the configured rule is about; it has one match, on the connection. */
static struct rule *conditions_of(const struct wanted_rule *wanted, bool not_new)
{
	const struct rule *from = wanted->rule;
	struct rule *rule = rule_new(from->family);

	rule->in = from->in;
	rule->invert = from->invert;
	rule->proto = from->proto;
	/* Replies, and what belongs to connections that were let in. */
	if (not_new)
		xt_conntrack_add_states(rule, XT_CONNTRACK_STATE_BIT(IP_CT_NEW), true);
	for (size_t i = 0; i < from->nmatches; i++) {
		struct xt_conntrack_want want;

		if (xt_conntrack_read(&from->matches[i], &want))
			xt_conntrack_add(rule, &want);
	}
	return rule;
}

/* The ports that the configured rule is about. */
static void ports_of(const struct wanted_rule *wanted, struct addrset *ports)
{
	struct xt_conntrack_want want = { 0 };
	const struct rule *rule = wanted->rule;

	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_conntrack_read(&rule->matches[i], &want))
			break;
	if (want.port)
		addrset_add(ports, want.port, want.last ? want.last : want.port);
	else
		addrset_add(ports, 0, UINT16_MAX);
}

static void match_on(struct rule *rule, struct guard_sets *sets, enum guard_field field,
		     const struct addrset *values)
{
	guard_match_add(rule, field, guard_sets_keep(sets, rule->family, field, values)->name);
}

/* A single range of ports needs no set. */
static void match_ports(struct rule *rule, struct guard_sets *sets, const struct addrset *ports)
{
	struct xt_conntrack_want want = { .dnat = XT_DNAT_IS, .direction = XT_DIRECTION_ORIGINAL };
	bool one = ports->n == 1 && ports->v[0].lo;

	if (one) {
		want.port = (uint16_t)ports->v[0].lo;
		want.last = (uint16_t)ports->v[0].hi;
	}
	xt_conntrack_add(rule, &want);
	if (!one)
		match_on(rule, sets, GUARD_PORT, ports);
}

/* Nor does a single prefix of addresses. */
static void match_from(struct rule *rule, struct guard_sets *sets, const struct addrset *sources)
{
	addr_t lo = sources->v[0].lo, differ = lo ^ sources->v[0].hi;

	if (sources->n == 1 && !(differ & (differ + 1)) && !(lo & differ)) {
		addr_store(rule->family, lo, rule->src.addr);
		addr_store(rule->family, addr_max(rule->family) & ~differ, rule->src.mask);
	} else {
		match_on(rule, sets, GUARD_FROM, sources);
	}
}

static bool is_everyone(const struct addrset *sources, enum family family)
{
	return sources->n == 1 && !sources->v[0].lo && sources->v[0].hi == addr_max(family);
}

static void refuse(struct rule *rule, const struct wanted_rule *wanted)
{
	if (wanted->by_host_drop)
		rule->verdict = VERDICT_DROP;
	else
		xt_target_set_reject(rule);
}

/*
 * Lets in what the opening does, as far as the configured rule is about it; or refuses those of
 * the other kinds.
 */
static void add_opening(const struct opening *opening, const struct wanted_rule *wanted,
			struct guard_sets *sets, struct host_rules *rules)
{
	const struct rule *from = wanted->rule;
	struct addrset ports = { 0 };
	struct rule *rule;

	ports_of(wanted, &ports);
	addrset_intersect(&ports, &opening->ports);
	if (opening->family == from->family && ports.n &&
	    (!from->proto || from->proto == opening->proto) &&
	    interface_matches(&from->in, from->invert & INV_IN, opening->in)) {
		rule = rule_new(from->family);
		interface_set(&rule->in, opening->in);
		rule->proto = opening->proto;
		if (opening->kind == OPENING_CUT)
			xt_conntrack_add_states(rule, XT_CONNTRACK_STATE_BIT(IP_CT_NEW), true);
		match_ports(rule, sets, &ports);
		if (!opening->any_host)
			match_on(rule, sets, GUARD_TO, &opening->hosts);
		if (!is_everyone(&opening->sources, from->family))
			match_from(rule, sets, &opening->sources);
		rule->verdict = VERDICT_ACCEPT;
		if (opening->kind != OPENING_LETS_IN)
			refuse(rule, wanted);
		add_rule(rules, rule);
	}
	addrset_clear(&ports);
}

static void add_openings(const struct openings *openings, enum opening_kind kind,
			 const struct wanted_rule *wanted, struct guard_sets *sets,
			 struct host_rules *rules)
{
	for (size_t i = 0; openings && i < openings->n; i++)
		if (openings->v[i].kind == kind)
			add_opening(&openings->v[i], wanted, sets, rules);
}

void host_rules_make(const struct openings *openings, const struct wanted_rule *wanted,
		     struct guard_sets *sets, struct host_rules *rules)
{
	struct rule *rule = conditions_of(wanted, true);

	/* Their packets are those of a connection that is open before the first of them comes. */
	add_openings(openings, OPENING_RELAYED, wanted, sets, rules);
	add_openings(openings, OPENING_CUT, wanted, sets, rules);
	rule->verdict = VERDICT_ACCEPT;
	add_rule(rules, rule);
	add_openings(openings, OPENING_LETS_IN, wanted, sets, rules);
	rule = conditions_of(wanted, false);
	refuse(rule, wanted);
	add_rule(rules, rule);
}
