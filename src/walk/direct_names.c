/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "direct_names.h"

#include <linux/netfilter/xt_multiport.h>
#include <stdlib.h>
#include <string.h>

#include "match_set.h"
#include "xt_match.h"

/* At most this many intervals of one condition are followed one by one. */
#define INTERVALS_MAX 64

/* What a rule does with the packets that it matches, as far as ports are concerned. */
enum named_effect {
	ACCEPTS,
	REFUSES,
	LEADS, /* other rules decide: a jump, a return, a mark */
};

void direct_names_clear(struct direct_names *names)
{
	free(names->prefixes);
	direct_spans_clear(&names->spans);
}

static int by_prefix(const void *left, const void *right)
{
	const struct named_prefix *a = left, *b = right;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

/* ---- addresses ---- */

static void name_prefix(struct direct_names *names, const struct named_prefix *prefix)
{
	GROW(names->prefixes, names->nprefixes, names->room);
	names->prefixes[names->nprefixes++] = *prefix;
}

/* The length of a mask; false if it has holes. */
static bool mask_length(addr_t mask, enum family family, unsigned int *length)
{
	addr_t rest = ~mask & addr_max(family);

	*length = family == FAMILY_IPV4 ? 32 : 128;
	if (rest & (rest + 1))
		return false;
	for (; rest; rest >>= 1)
		--*length;
	return true;
}

/* Names the prefixes that are together the interval. */
static void name_range(struct direct_names *names, enum family family, struct addrrange range,
		       bool ports)
{
	if (range.hi > addr_max(family))
		range.hi = addr_max(family);
	while (range.lo <= range.hi) {
		struct named_prefix prefix = { .addr = range.lo, .ports = ports };
		addr_t rest = 0, wider = 1;

		/* The widest one that begins here and ends in the interval. */
		while (rest < addr_max(family) && !(range.lo & wider) &&
		       wider <= range.hi - range.lo) {
			rest = wider;
			wider = wider << 1 | 1;
		}
		if (mask_length(~rest & addr_max(family), family, &prefix.length) && prefix.length)
			name_prefix(names, &prefix);
		if (range.hi - range.lo == rest)
			return;
		range.lo += rest + 1;
	}
}

static void name_masked(struct direct_names *names, enum family family, addr_t addr, addr_t mask,
			bool ports)
{
	struct named_prefix prefix = { .addr = addr & mask, .ports = ports };

	if (mask && mask_length(mask, family, &prefix.length))
		name_prefix(names, &prefix);
}

/* follow: what a rule says of the ports may let packets through. */
static void name_span(struct direct_names *names, uint8_t proto, struct span span, bool follow)
{
	direct_spans_name(&names->spans, proto, span, follow);
}

/* ---- rules of iptables ---- */

static enum named_effect effect_of(const struct rule *rule)
{
	if (rule->verdict == VERDICT_ACCEPT)
		return ACCEPTS;
	if (rule->verdict == VERDICT_DROP ||
	    (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "REJECT")))
		return REFUSES;
	return LEADS;
}

/* plain: whether packets for the ports may get through, if these are not excluded. */
static void name_multiport(struct direct_names *names, uint8_t proto, const struct ext *ext,
			   bool plain)
{
	struct xt_multiport_v1 ports;

	if (!ext_is(ext, "multiport", 1) || !ext_get(ext, &ports, sizeof(ports)) ||
	    ports.count > XT_MULTI_PORTS || ports.flags == XT_MULTIPORT_SOURCE)
		return;
	for (size_t i = 0; i < ports.count; i++) {
		struct span span = { ports.ports[i], ports.ports[i] };

		if (ports.pflags[i] && i + 1 < ports.count)
			span.hi = ports.ports[++i];
		name_span(names, proto, span, plain || ports.invert);
	}
}

/* Nobody translates: the connection has the destination of the packet, and answers from there. */
static void name_conntrack(struct direct_names *names, const struct rule *rule,
			   const struct ext *ext, bool plain)
{
	uint8_t proto = rule->invert & INV_PROTO ? 0 : (uint8_t)rule->proto;
	struct xt_conntrack_mtinfo3 info;

	/* Of publish sections: packets that nobody translated do not match. */
	if (!xt_match_conntrack(ext, &info) ||
	    (info.match_flags & ~info.invert_flags & XT_CONNTRACK_STATE &&
	     info.state_mask == XT_CONNTRACK_STATE_DNAT))
		return;
	if (info.match_flags & XT_CONNTRACK_ORIGDST)
		name_masked(names, rule->family, addr_load(rule->family, &info.origdst_addr),
			    addr_load(rule->family, &info.origdst_mask), true);
	if (info.match_flags & XT_CONNTRACK_REPLSRC)
		name_masked(names, rule->family, addr_load(rule->family, &info.replsrc_addr),
			    addr_load(rule->family, &info.replsrc_mask), true);
	if (info.match_flags & XT_CONNTRACK_ORIGDST_PORT)
		name_span(names, proto, (struct span){ info.origdst_port, info.origdst_port_high },
			  plain || info.invert_flags & XT_CONNTRACK_ORIGDST_PORT);
	if (info.match_flags & XT_CONNTRACK_REPLSRC_PORT)
		name_span(names, proto, (struct span){ info.replsrc_port, info.replsrc_port_high },
			  plain || info.invert_flags & XT_CONNTRACK_REPLSRC_PORT);
}

static void name_iprange(struct direct_names *names, enum family family, const struct ext *ext)
{
	struct xt_iprange_mtinfo info;

	if (xt_match_iprange(ext, &info) && info.flags & IPRANGE_DST)
		name_range(names, family,
			   (struct addrrange){ addr_load(family, &info.dst_min),
					       addr_load(family, &info.dst_max) },
			   true);
}

static void name_set(struct direct_names *names, enum family family, const struct ext *ext,
		     const struct ipsets *sets, bool plain)
{
	bool address, port, invert;
	const struct ipset *set = match_set_of_destinations(ext, sets, family, &address, &port,
							    &invert);

	if (!set)
		return;
	for (size_t i = 0; i < set->members[family].n && i < INTERVALS_MAX; i++)
		name_range(names, family, set->members[family].v[i], true);
	for (size_t i = 0; i < set->n && i < INTERVALS_MAX; i++) {
		const struct ipset_member *member = &set->v[i];

		if (address)
			name_range(names, family, (struct addrrange){ member->lo, member->hi }, true);
		if (port)
			name_span(names, member->proto, member->port, plain || invert);
	}
}

static bool has_multiport(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "multiport"))
			return true;
	return false;
}

static void name_rule(struct direct_names *names, const struct rule *rule,
		      const struct ipsets *sets)
{
	enum family family = rule->family;
	enum named_effect effect = effect_of(rule);
	addr_t mask = addr_load(family, rule->dst.mask);
	bool single = mask == addr_max(family) && !(rule->invert & INV_DST);
	uint8_t proto = rule->invert & INV_PROTO ? 0 : (uint8_t)rule->proto;
	/* What a rule accepts at one address and port is an entry of docker_ports, if anything. */
	bool plain = effect == LEADS || (effect == ACCEPTS && !single);
	struct span span;

	if (rule->opaque)
		return;
	if (!single || effect == LEADS ||
	    !((xt_match_rule_dports(rule, &span) && !span_equal(span, SPAN_ALL)) ||
	      has_multiport(rule)))
		name_masked(names, family, addr_load(family, rule->dst.addr), mask,
			    effect != REFUSES || !single || !xt_match_rule_dports(rule, &span));
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_ports ports;

		if (xt_match_ports(ext, &ports))
			name_span(names, proto, ports.dest, plain || ports.not_dest);
		name_multiport(names, proto, ext, plain);
		name_conntrack(names, rule, ext, effect != REFUSES);
		name_iprange(names, family, ext);
		name_set(names, family, ext, sets, effect != REFUSES);
	}
}

static void name_rules(struct direct_names *names, const struct snapshot *snapshot,
		       const struct ipsets *sets, enum family family)
{
	for (size_t t = 0; snapshot && t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];

		/* What nat matches on is the port before a translation. */
		if (table->family != family || !strcmp(table->name, "nat"))
			continue;
		for (size_t c = 0; c < table->nchains; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				name_rule(names, table->chains[c]->rules[i], sets);
	}
}

/* ---- rules of nf_tables ---- */

static enum named_effect effect_of_other(const struct other_rule *rule)
{
	if (rule->verdict == OTHER_ACCEPT)
		return ACCEPTS;
	return rule->verdict == OTHER_DROP || rule->verdict == OTHER_REFUSE ? REFUSES : LEADS;
}

/* Whether it is a condition on the port by itself that excludes none. */
static bool is_port_test(const struct other_test *test)
{
	return test->nkeys <= 1 && test->key.field == FIELD_DPORT && !test->inverted;
}

/* What the rule's other conditions on the same field leave: nft writes a range as two of them. */
static struct addrrange narrowed(const struct other_rule *rule, const struct other_test *test,
				 enum other_field field, struct addrrange range)
{
	for (size_t i = 0; i < rule->ntests && !test->inverted; i++) {
		const struct other_test *other = &rule->tests[i];

		if (other->nkeys != 1 || other->key.field != field || other->inverted ||
		    other->set || other->key.mask != OTHER_MASK_ALL)
			continue;
		if (range.lo < other->range.lo)
			range.lo = other->range.lo;
		if (range.hi > other->range.hi)
			range.hi = other->range.hi;
	}
	return range;
}

/* ports: the rule has such a condition as well. */
static void name_other_test(struct direct_names *names, const struct other_rule *rule,
			    const struct other_test *test, enum family family, bool single,
			    bool ports)
{
	enum named_effect effect = effect_of_other(rule);
	bool alone = test->nkeys <= 1 && !test->inverted;

	for (size_t i = 0; i < other_test_count(test) && i < INTERVALS_MAX; i++) {
		for (size_t k = 0; k < test->nkeys; k++) {
			const struct other_key *key = other_test_key(test, k);
			struct addrrange range = narrowed(rule, test, key->field,
							  other_test_range(test, i, k));
			bool one = alone && range.lo == range.hi;

			if (range.lo > range.hi)
				continue;
			switch (key->field) {
			case FIELD_DESTINATION:
			case FIELD_ORIG_DESTINATION:
			case FIELD_REPLY_SOURCE:
				/* With ports, a single address is an entry of docker_ports. */
				if (key->size == family_addr_size(family) &&
				    !(one && ports && effect != LEADS))
					name_range(names, family, range, !one || effect != REFUSES);
				break;
			case FIELD_DPORT:
			case FIELD_ORIG_DPORT:
			case FIELD_REPLY_SPORT:
				name_span(names, other_rule_proto(rule),
					  (struct span){ (uint16_t)range.lo, (uint16_t)range.hi },
					  test->inverted || effect == LEADS ||
						  (effect == ACCEPTS && !(single && alone)));
				break;
			default:
				break;
			}
		}
	}
}

static void name_other_rule(struct direct_names *names, const struct other_rule *rule,
			    const struct ipsets *sets, enum family family)
{
	struct addrrange range;
	bool single = other_rule_range(rule, FIELD_DESTINATION, &range) && range.lo == range.hi;
	bool ports = false;

	if (rule->xt) {
		name_rule(names, rule->xt, sets);
		return;
	}
	for (size_t i = 0; i < rule->ntests; i++)
		ports |= is_port_test(&rule->tests[i]);
	for (size_t i = 0; i < rule->ntests; i++)
		name_other_test(names, rule, &rule->tests[i], family, single, ports);
}

static void name_others(struct direct_names *names, const struct world *world, enum family family)
{
	const struct other_filters *others = world->others;

	for (size_t c = 0; others && c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];
		const struct other_table *table = &others->tables[chain->table];
		bool nat = table->followed && !strcmp(table->name, "nat");

		for (size_t i = 0; i < chain->n && !nat; i++)
			/* What nat matches on is the port before a translation. */
			if (table->families & 1U << family &&
			    chain->v[i].verdict != OTHER_TRANSLATE)
				name_other_rule(names, &chain->v[i], world->sets, family);
	}
}

/* ---- all of them ---- */

static void name_mapped(struct direct_names *names, const struct docker_ports *ports,
			enum family family)
{
	for (size_t i = 0; i < ports->nmapped; i++) {
		const struct docker_port *port = &ports->mapped[i];
		struct addrrange range = { port->container, port->container + port->container_more };

		if (port->family == family)
			name_range(names, family, range, range.lo != range.hi);
	}
}

void direct_names_make(struct direct_names *names, const struct world *world,
		       const struct docker_ports *ports, enum family family)
{
	size_t kept = 0;

	*names = (struct direct_names){ 0 };
	direct_spans_init(&names->spans);
	name_rules(names, world->snapshot, world->sets, family);
	name_rules(names, world->guard, world->sets, family);
	name_others(names, world, family);
	name_mapped(names, ports, family);
	direct_spans_settle(&names->spans);
	if (names->nprefixes)
		qsort(names->prefixes, names->nprefixes, sizeof(*names->prefixes), by_prefix);
	for (size_t i = 0; i < names->nprefixes; i++) {
		if (!kept || by_prefix(&names->prefixes[kept - 1], &names->prefixes[i]))
			names->prefixes[kept++] = names->prefixes[i];
		else
			names->prefixes[kept - 1].ports |= names->prefixes[i].ports;
	}
	names->nprefixes = kept;
}
