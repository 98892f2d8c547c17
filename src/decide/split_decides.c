/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "split_decides.h"

#include <linux/netfilter/xt_set.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "exposes.h"
#include "reach.h"
#include "ways.h"
#include "xt_match.h"

/* More interfaces than that on the ways to one chain are not told apart. */
#define STATES_MAX 64

/* A shorter prefix is a part of the world, not a list of banned clients. */
static const unsigned int ban_length[FAMILY_COUNT] = { 8, 16 };

/* The chains that were entered with these conditions. */
struct state {
	struct ways ways;
	bool some, maybe;
	bool *entered; /* owned; by index */
};

struct search {
	const struct policy *policy;
	const struct table *table, *docker;
	struct reach *docker_reach;
	const struct netinfo *net;
	/* Interfaces whose packets FORWARD has accepted before the current rule. */
	const struct interface **in, **out; /* owned; borrow the rules' */
	size_t nin, nout;
	struct state states[STATES_MAX];
	size_t nstates;
	enum split_answer answer;
};

/* What is known of the packets that come to a rule. */
struct packets {
	struct ways ways;
	bool some;  /* only those of some clients */
	bool maybe; /* a condition on the way is not known */
};

/* ---- interfaces and addresses ---- */

static bool leads_outside(const struct search *search, const struct netif *iface)
{
	if (strings_has(&search->policy->outside, iface->name))
		return true;
	for (size_t i = 0; i < search->net->nroutes; i++) {
		const struct netroute *route = &search->net->routes[i];

		if (!route->length && route->type == RTN_UNICAST &&
		    (route->out == iface->index || !route->out || route->multipath))
			return true;
	}
	return false;
}

/* Whether something other than a virtual machine or a container is plugged into the bridge. */
static bool has_uplink(const struct netinfo *net, const struct netif *bridge)
{
	for (size_t i = 0; i < net->nifs; i++)
		if (net->ifs[i].master == bridge->index && !net->ifs[i].guest)
			return true;
	return false;
}

static bool is_dockers(const struct search *search, const struct interface *iface)
{
	return !search->docker ||
	       may_be_docker_bridge(search->docker_reach, search->docker, iface);
}

/*
 * Whether all packets of the interface belong to bridges of virtual machines or of containers
 * that are not Docker's, such as libvirt's: what is refused there is their owner's affair.
 */
static bool is_of_others(const struct search *search, const struct interface *iface)
{
	if (!search->net || is_dockers(search, iface))
		return false;
	for (size_t i = 0; i < search->net->nifs; i++) {
		const struct netif *one = &search->net->ifs[i];

		if (interface_matches(iface, false, one->name) &&
		    (!one->bridge || leads_outside(search, one) || has_uplink(search->net, one)))
			return false;
	}
	return true;
}

/* Whether packets of these ways can go to a container of Docker's, or come from one. */
static bool concern_docker(const struct search *search, const struct ways *ways)
{
	if ((ways->in && is_of_others(search, ways->in)) ||
	    (ways->out && is_of_others(search, ways->out)))
		return false;
	return !ways->in || !ways->out || is_dockers(search, ways->in) ||
	       is_dockers(search, ways->out);
}

static unsigned int prefix_length(const struct address *address, enum family family)
{
	unsigned int length = 0;

	for (size_t i = 0; i < family_addr_size(family); i++)
		length += (unsigned int)__builtin_popcount(address->mask[i]);
	return length;
}

/* Whether the address may be one of a network of Docker's. */
static bool meets_docker(const struct search *search, const struct address *address)
{
	enum family family = search->table->family;
	addr_t addr = addr_load(family, address->addr), mask = addr_load(family, address->mask);

	if (!search->net || !search->docker)
		return true;
	for (size_t i = 0; i < search->net->nroutes; i++) {
		const struct netroute *route = &search->net->routes[i];
		const struct netif *iface = netinfo_if_index(search->net, route->out);
		struct interface name;
		addr_t bits;

		if (route->family != family || !route->length || !iface || !iface->bridge ||
		    !interface_set(&name, iface->name) || !is_dockers(search, &name))
			continue;
		/* All bits of an address cannot be shifted out at once. */
		bits = route->length >= 8 * family_addr_size(family)
			       ? addr_max(family)
			       : addr_max(family) & ~(addr_max(family) >> route->length);
		if (addr_masked_equal(addr, route->dst, mask & bits))
			return true;
	}
	return false;
}

/* Whether only the packets of some clients, or to some, have the address. */
static bool is_part(const struct search *search, const struct address *address, bool inverted)
{
	enum family family = search->table->family;

	return !inverted && prefix_length(address, family) >= ban_length[family] &&
	       !meets_docker(search, address);
}

/* ---- matches ---- */

static bool is_ban_set(const struct ext *match)
{
	struct xt_set_info info;

	/* In revision 0 the flags are elsewhere; no kernel of today writes it. */
	if (strcmp(match->name, "set") || !match->revision || match->size < sizeof(info))
		return false;
	memcpy(&info, match->data, sizeof(info));
	return !(info.flags & IPSET_INV_MATCH);
}

/* Whether the match limits a rule to some clients, or to too many packets of theirs. */
static bool is_limit(const struct ext *match)
{
	static const char *const names[] = { "recent", "connlimit", "hashlimit", "limit", "geoip" };
	struct xt_iprange_mtinfo range;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(match->name, names[i]))
			return true;
	if (xt_match_iprange(match, &range))
		return range.flags & IPRANGE_SRC && !(range.flags & IPRANGE_SRC_INV);
	return is_ban_set(match);
}

/* Whether the states are only those of packets that belong to no connection. */
static bool is_invalid(const struct ext *match)
{
	unsigned int states;
	bool not;

	return xt_match_states(match, &states, &not) && !not && states == XT_CONNTRACK_STATE_INVALID;
}

/* Adds the rule's conditions; false if no packet to or from a container meets them. */
static bool narrow(const struct search *search, const struct rule *rule, struct packets *packets)
{
	if (!ways_narrow(&packets->ways, rule) || !concern_docker(search, &packets->ways))
		return false;
	packets->maybe |= rule->opaque != NULL;
	packets->some |= is_part(search, &rule->src, rule->invert & INV_SRC) ||
			 is_part(search, &rule->dst, rule->invert & INV_DST);
	for (size_t i = 0; i < rule->nmatches; i++) {
		if (is_invalid(&rule->matches[i]))
			return false;
		packets->some |= is_limit(&rule->matches[i]);
	}
	return true;
}

/* ---- what was accepted before ---- */

static bool covered(const struct interface *const *list, size_t n, const char name[IFNAMSIZ])
{
	for (size_t i = 0; i < n; i++)
		if (interface_matches(list[i], false, name))
			return true;
	return false;
}

/* Whether FORWARD has accepted all packets to and from Docker's bridges that have these ways. */
static bool accepted_before(const struct search *search, const struct ways *ways)
{
	bool any = false;

	if (!search->net || !search->docker)
		return false;
	for (size_t i = 0; i < search->net->nifs; i++) {
		const struct netif *one = &search->net->ifs[i];
		struct interface name;

		if (!one->bridge || !interface_set(&name, one->name) || !is_dockers(search, &name))
			continue;
		any = true;
		if ((!ways->in || interface_matches(ways->in, false, one->name)) &&
		    !covered(search->in, search->nin, one->name))
			return false;
		if ((!ways->out || interface_matches(ways->out, false, one->name)) &&
		    !covered(search->out, search->nout, one->name))
			return false;
	}
	return any;
}

static void note_accepted(struct search *search, const struct rule *rule)
{
	struct rule bare = *rule;

	if (rule->opaque || rule->verdict != VERDICT_ACCEPT || rule->invert ||
	    !rule->in.mask[0] == !rule->out.mask[0])
		return;
	memset(&bare.in, 0, sizeof(bare.in));
	memset(&bare.out, 0, sizeof(bare.out));
	if (!rule_unconditional(&bare))
		return;
	if (rule->in.mask[0])
		search->in[search->nin++] = &rule->in;
	else
		search->out[search->nout++] = &rule->out;
}

/* ---- the search ---- */

static void found(struct search *search, const struct packets *packets)
{
	enum split_answer answer = packets->some ? SPLIT_SOME
				   : packets->maybe ? SPLIT_MAYBE : SPLIT_RULE;

	if (answer != SPLIT_SOME && accepted_before(search, &packets->ways))
		return;
	if (answer > search->answer)
		search->answer = answer;
}

/* Whether the chain was entered with these packets; notes it. */
static bool enter(struct search *search, const struct packets *packets, size_t chain)
{
	struct state *state = search->states;

	while (state < search->states + search->nstates &&
	       !(ways_same(&state->ways, &packets->ways) && state->some == packets->some &&
		 state->maybe == packets->maybe))
		state++;
	if (state == search->states + search->nstates) {
		/* As if the chain refused. */
		if (search->nstates == STATES_MAX) {
			found(search, packets);
			return true;
		}
		search->nstates++;
		*state = (struct state){
			.ways = packets->ways, .some = packets->some, .maybe = packets->maybe,
			.entered = xcalloc(search->table->nchains, sizeof(*state->entered)),
		};
	}
	if (state->entered[chain])
		return true;
	state->entered[chain] = true;
	return false;
}

static bool refuses(const struct rule *rule)
{
	if (rule->verdict == VERDICT_EXT)
		return !strcmp(rule->target.name, "REJECT") || !strcmp(rule->target.name, "NFQUEUE");
	return rule->verdict == VERDICT_DROP || rule->verdict == VERDICT_QUEUE ||
	       (rule_is_unknown(rule) && rule->verdict == VERDICT_NONE);
}

static void follow(struct search *search, const struct rule *rule, struct packets packets);

static void follow_chain(struct search *search, const char *name, const struct packets *packets)
{
	size_t at = table_index(search->table, name);
	const struct chain *chain;

	if (at == search->table->nchains || enter(search, packets, at))
		return;
	chain = search->table->chains[at];
	for (size_t i = 0; i < chain->nrules && search->answer != SPLIT_RULE; i++) {
		follow(search, chain->rules[i], *packets);
		if (rule_ends_chain(chain->rules[i]))
			break;
	}
}

static void follow(struct search *search, const struct rule *rule, struct packets packets)
{
	if (!narrow(search, rule, &packets))
		return;
	if (rule_jumps(rule))
		follow_chain(search, rule->chain, &packets);
	else if (refuses(rule))
		found(search, &packets);
}

static void search_forward(struct search *search, const struct chain *forward, size_t *number)
{
	bool ends = false;

	search->in = xcalloc(forward->nrules, sizeof(*search->in));
	search->out = xcalloc(forward->nrules, sizeof(*search->out));
	for (size_t i = 0; i < forward->nrules && !ends && search->answer != SPLIT_RULE; i++) {
		enum split_answer before = search->answer;

		follow(search, forward->rules[i], (struct packets){ 0 });
		if (search->answer > before)
			*number = i + 1;
		note_accepted(search, forward->rules[i]);
		ends = rule_ends_chain(forward->rules[i]) && forward->rules[i]->verdict != VERDICT_RETURN &&
		       forward->rules[i]->verdict != VERDICT_GOTO;
	}
	if (forward->policy == VERDICT_DROP && !ends && search->answer != SPLIT_RULE &&
	    !accepted_before(search, &(struct ways){ 0 }))
		search->answer = SPLIT_POLICY;
	free(search->in);
	free(search->out);
	for (size_t i = 0; i < search->nstates; i++)
		free(search->states[i].entered);
}

enum split_answer split_decides(const struct policy *policy, const struct table *other,
				const struct split_facts *facts, size_t *rule)
{
	const struct chain *forward = table_chain(other, "FORWARD");
	struct search search = {
		.policy = policy, .table = other, .net = facts->net,
		.docker = facts->docker ? snapshot_table(facts->docker, other->family, "filter") : NULL,
	};

	*rule = 0;
	if (!forward || !forward->builtin)
		return SPLIT_NONE;
	search.docker_reach = reach_new(search.docker, NULL);
	search_forward(&search, forward, rule);
	reach_free(search.docker_reach);
	return search.answer;
}

bool split_needs_facts(const struct table *other)
{
	const struct chain *forward = table_chain(other, "FORWARD");
	bool refusing = forward && forward->policy == VERDICT_DROP && forward->nrules;

	for (size_t c = 0; forward && forward->nrules && c < other->nchains; c++)
		for (size_t i = 0; i < other->chains[c]->nrules; i++)
			refusing |= refuses(other->chains[c]->rules[i]);
	return refusing;
}
