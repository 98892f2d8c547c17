/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "direct_ways.h"

#include <linux/netfilter/xt_multiport.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "sorted.h"
#include "xt_match.h"

/* At most this many spans of ports are followed one by one. */
#define SPANS_MAX 64
/* An address that stands for a network is looked for only so far. */
#define TRIES_MAX 4096
#define PORTS 65536

static unsigned int width_of(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

struct prefix {
	addr_t addr;
	unsigned int length;
};

/* A span of ports that a rule accepts. */
struct accepted {
	uint8_t proto;
	struct span port;
};

/* What the rules of one family name. */
struct names {
	struct prefix *prefixes; /* owned; sorted: the wider one first */
	size_t nprefixes, prefixes_room;
	struct accepted spans[SPANS_MAX];
	size_t nspans;
	uint32_t *narrowest; /* for each port, the number of ports of the smallest span with it */
};

void direct_ways_clear(struct direct_ways *ways)
{
	free(ways->v);
	*ways = (struct direct_ways){ 0 };
}

static void names_clear(struct names *names)
{
	free(names->prefixes);
	free(names->narrowest);
}

static int by_prefix(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

static uint32_t span_size(struct span span)
{
	return span.hi - span.lo + 1U;
}

static void name_span(struct names *names, struct span span)
{
	uint32_t size = span_size(span);

	for (size_t port = span.lo; size < PORTS && port <= span.hi; port++)
		if (names->narrowest[port] > size)
			names->narrowest[port] = size;
}

/* single: the rule is for one address, so its ports are of no other one. */
static void accept_span(struct names *names, const struct rule *rule, struct span span, bool single)
{
	struct accepted accepted = { .proto = (uint8_t)rule->proto, .port = span };

	name_span(names, span);
	if (single || rule->verdict != VERDICT_ACCEPT || span_equal(span, SPAN_ALL) ||
	    names->nspans == SPANS_MAX || rule->invert & INV_PROTO || !proto_has_ports(accepted.proto))
		return;
	for (size_t i = 0; i < names->nspans; i++)
		if (names->spans[i].proto == accepted.proto &&
		    span_equal(names->spans[i].port, accepted.port))
			return;
	names->spans[names->nspans++] = accepted;
}

static void accept_multiport(struct names *names, const struct rule *rule, const struct ext *ext,
			     bool single)
{
	struct xt_multiport_v1 ports;

	if (!ext_is(ext, "multiport", 1) || !ext_get(ext, &ports, sizeof(ports)) ||
	    ports.count > XT_MULTI_PORTS || ports.invert || ports.flags == XT_MULTIPORT_SOURCE)
		return;
	for (size_t i = 0; i < ports.count; i++) {
		struct span span = { ports.ports[i], ports.ports[i] };

		if (ports.pflags[i] && i + 1 < ports.count)
			span.hi = ports.ports[++i];
		if (span.lo <= span.hi)
			accept_span(names, rule, span, single);
	}
}

/* The length of a mask; false if it has holes. */
static bool mask_length(addr_t mask, enum family family, unsigned int *length)
{
	addr_t rest = ~mask & addr_max(family);

	*length = width_of(family);
	if (rest & (rest + 1))
		return false;
	for (; rest; rest >>= 1)
		--*length;
	return true;
}

static bool has_multiport(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "multiport"))
			return true;
	return false;
}

static void name_rule(struct names *names, const struct rule *rule)
{
	enum family family = rule->family;
	addr_t mask = addr_load(family, rule->dst.mask);
	struct prefix prefix = { .addr = addr_load(family, rule->dst.addr) };
	bool single = mask == addr_max(family), one;
	struct span span;

	if (rule->opaque)
		return;
	one = xt_match_rule_dports(rule, &span);
	/* A single address and port is an entry of docker_ports, if anything. */
	if (mask && mask_length(mask, family, &prefix.length) &&
	    !(single && ((one && !span_equal(span, SPAN_ALL)) || has_multiport(rule)))) {
		GROW(names->prefixes, names->nprefixes, names->prefixes_room);
		names->prefixes[names->nprefixes++] = prefix;
	}
	if (one)
		accept_span(names, rule, span, single);
	for (size_t i = 0; i < rule->nmatches; i++)
		accept_multiport(names, rule, &rule->matches[i], single);
}

static void name_rules(struct names *names, const struct snapshot *snapshot, enum family family)
{
	for (size_t t = 0; snapshot && t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];

		/* What nat matches on is the port before a translation. */
		if (table->family != family || !strcmp(table->name, "nat"))
			continue;
		for (size_t c = 0; c < table->nchains; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				name_rule(names, table->chains[c]->rules[i]);
	}
}

/* At most this many intervals of one condition are followed one by one. */
#define INTERVALS_MAX 64

/* The prefix that is exactly the interval; false if there is none. */
static bool as_prefix(enum family family, struct addrrange range, struct prefix *prefix)
{
	addr_t rest = range.lo ^ range.hi;

	*prefix = (struct prefix){ .addr = range.lo };
	return !(rest & (rest + 1)) && !(range.lo & rest) &&
	       mask_length(~rest & addr_max(family), family, &prefix->length);
}

/* With ports, a single address is an entry of docker_ports, if anything. */
static void name_other_addresses(struct names *names, const struct other_test *test,
				 enum family family, bool ports)
{
	for (size_t i = 0; i < other_test_count(test) && i < INTERVALS_MAX; i++) {
		struct addrrange range = other_test_range(test, i, 0);
		struct prefix prefix;

		if ((ports && range.lo == range.hi) || !as_prefix(family, range, &prefix) ||
		    !prefix.length)
			continue;
		GROW(names->prefixes, names->nprefixes, names->prefixes_room);
		names->prefixes[names->nprefixes++] = prefix;
	}
}

static void name_other_ports(struct names *names, const struct other_rule *rule,
			     const struct other_test *test, bool single)
{
	struct rule as = { .verdict = rule->verdict == OTHER_ACCEPT ? VERDICT_ACCEPT : VERDICT_NONE };

	as.proto = other_rule_proto(rule);
	for (size_t i = 0; i < other_test_count(test) && i < INTERVALS_MAX; i++) {
		struct addrrange range = other_test_range(test, i, 0);

		accept_span(names, &as, (struct span){ (uint16_t)range.lo, (uint16_t)range.hi },
			    single);
	}
}

static void name_other_rule(struct names *names, const struct other_rule *rule, enum family family)
{
	const struct other_test *addresses = NULL, *ports = NULL;
	struct addrrange one;
	bool single = other_rule_range(rule, FIELD_DESTINATION, &one) && one.lo == one.hi;

	if (rule->xt) {
		name_rule(names, rule->xt);
		return;
	}
	for (size_t i = 0; i < rule->ntests; i++) {
		const struct other_test *test = &rule->tests[i];

		if (test->nkeys > 1)
			continue;
		if (test->key.field == FIELD_DESTINATION)
			addresses = test;
		if (test->key.field == FIELD_DPORT)
			ports = test;
	}
	if (addresses && addresses->key.size == family_addr_size(family))
		name_other_addresses(names, addresses, family, ports);
	if (ports)
		name_other_ports(names, rule, ports, single);
}

static void name_others(struct names *names, const struct other_filters *others, enum family family)
{
	for (size_t c = 0; others && c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];

		for (size_t i = 0; i < chain->n; i++)
			/* What nat matches on is the port before a translation. */
			if (others->tables[chain->table].families & 1U << family &&
			    chain->v[i].verdict != OTHER_TRANSLATE)
				name_other_rule(names, &chain->v[i], family);
	}
}

static void name_mapped(struct names *names, const struct docker_ports *ports, enum family family)
{
	for (size_t i = 0; i < ports->nmapped; i++) {
		const struct docker_port *port = &ports->mapped[i];
		struct addrrange range = { port->container, port->container + port->container_more };
		struct prefix prefix;

		if (port->family != family || !as_prefix(family, range, &prefix))
			continue;
		GROW(names->prefixes, names->nprefixes, names->prefixes_room);
		names->prefixes[names->nprefixes++] = prefix;
	}
}

static void names_make(struct names *names, const struct world *world,
		       const struct docker_ports *ports, enum family family)
{
	size_t kept = 0;

	*names = (struct names){ .narrowest = xcalloc(PORTS, sizeof(*names->narrowest)) };
	for (size_t port = 0; port < PORTS; port++)
		names->narrowest[port] = PORTS;
	name_rules(names, world->snapshot, family);
	name_rules(names, world->guard, family);
	name_others(names, world->others, family);
	name_mapped(names, ports, family);
	if (names->nprefixes)
		qsort(names->prefixes, names->nprefixes, sizeof(*names->prefixes), by_prefix);
	for (size_t i = 0; i < names->nprefixes; i++)
		if (!kept || by_prefix(&names->prefixes[kept - 1], &names->prefixes[i]))
			names->prefixes[kept++] = names->prefixes[i];
	names->nprefixes = kept;
}

/* The highest port of the span that no smaller span has; 0: there is none. */
static uint16_t find_port(const struct names *names, struct span span)
{
	for (size_t port = span.hi; port && port >= span.lo; port--)
		if (names->narrowest[port] >= span_size(span))
			return (uint16_t)port;
	return 0;
}

static bool covers(enum family family, const struct prefix *prefix, addr_t addr)
{
	return addr >= prefix->addr &&
	       addr <= netinfo_prefix_end(family, prefix->addr, prefix->length);
}

static int before_addr(const void *element, const void *key)
{
	return ((const struct prefix *)element)->addr < *(const addr_t *)key ? -1 : 0;
}

/* The prefixes with an address inside this one; those of the same address come first. */
static void inside(const struct names *names, enum family family, const struct prefix *prefix,
		   size_t *first, size_t *last)
{
	addr_t end = netinfo_prefix_end(family, prefix->addr, prefix->length);

	*first = sorted_first(&prefix->addr, names->prefixes, names->nprefixes,
			      sizeof(*names->prefixes), before_addr);
	*last = *first;
	while (*last < names->nprefixes && names->prefixes[*last].addr <= end)
		++*last;
}

/*
 * Finds the highest address of the prefix that is another host's and that no smaller
 * prefix has.
 */
static bool find_address(const struct names *names, const struct netinfo *info, enum family family,
			 const struct prefix *prefix, addr_t *found)
{
	addr_t addr = netinfo_prefix_end(family, prefix->addr, prefix->length);
	size_t first, last, at;

	inside(names, family, prefix, &first, &last);
	at = last;
	for (unsigned int tries = 0; tries < TRIES_MAX && addr >= prefix->addr; tries++) {
		const struct prefix *smaller = NULL;

		while (at > first && names->prefixes[at - 1].addr > addr)
			at--;
		/* A prefix ends before the next one begins, or contains it. */
		for (size_t i = at; i-- > first && !smaller && at - i < TRIES_MAX;)
			if (names->prefixes[i].length > prefix->length &&
			    covers(family, &names->prefixes[i], addr))
				smaller = &names->prefixes[i];
		if (!smaller && netinfo_addr_type(info, family, addr, 0) == RTN_UNICAST &&
		    (addr > prefix->addr || prefix->length + 1 >= width_of(family))) {
			*found = addr;
			return true;
		}
		if (!addr || (smaller && !smaller->addr))
			return false;
		addr = (smaller ? smaller->addr : addr) - 1;
	}
	return false;
}

static void add_way(struct direct_ways *ways, const struct names *names,
		    const struct direct_way *like, uint8_t proto, struct span port)
{
	struct direct_way way = *like;

	way.proto = proto;
	way.port = port;
	way.to_port = find_port(names, port);
	if (!way.to_port)
		return;
	GROW(ways->v, ways->n, ways->room);
	ways->v[ways->n++] = way;
}

/* single: a rule names the one address, so what it accepts there is an entry of docker_ports. */
static void add_prefix(struct direct_ways *ways, const struct names *names,
		       const struct netinfo *info, const struct prefix *prefix, bool single,
		       struct direct_way *like)
{
	like->network = prefix->addr;
	like->length = prefix->length;
	if (!find_address(names, info, like->family, prefix, &like->to))
		return;
	add_way(ways, names, like, 0, SPAN_ALL);
	for (size_t i = 0; i < names->nspans && !single; i++)
		add_way(ways, names, like, names->spans[i].proto, names->spans[i].port);
}

/* A network of a bridge, and the parts of it that rules name. */
static void add_network(struct direct_ways *ways, const struct names *names,
			const struct netinfo *info, const struct prefix *network,
			struct direct_way *like)
{
	size_t first, last;

	add_prefix(ways, names, info, network, false, like);
	inside(names, like->family, network, &first, &last);
	for (size_t i = first; i < last; i++)
		if (names->prefixes[i].length > network->length)
			add_prefix(ways, names, info, &names->prefixes[i],
				   names->prefixes[i].length == width_of(like->family), like);
}

static bool is_uplink(const struct netinfo *info, int index)
{
	for (size_t i = 0; i < info->nroutes; i++)
		if (info->routes[i].out == index && !info->routes[i].length)
			return true;
	return false;
}

/* Whether the route is the one to a network of containers, or to the address of one. */
static bool is_network(const struct world *world, const struct netroute *route,
		       const struct strings *bridges, const struct netif **bridge)
{
	*bridge = netinfo_if_index(world->info, route->out);
	if (!*bridge || route->type != RTN_UNICAST || !route->length || route->multipath ||
	    !strings_has(bridges, (*bridge)->name) || is_uplink(world->info, route->out))
		return false;
	return route->family == FAMILY_IPV4 ? route->dst >> 28 != 0xe
					    : route->dst >> 118 != 0xfe80 >> 6 &&
						      route->dst >> 120 != 0xff;
}

void direct_ways_collect(const struct world *world, unsigned int families,
			 const struct docker_ports *ports, struct direct_ways *ways)
{
	const struct strings *bridges = &ports->bridges;
	const struct netinfo *info = world->info;

	*ways = (struct direct_ways){ 0 };
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct names names;
		size_t before = ways->n;

		if (!(families & 1U << family) || !bridges->n)
			continue;
		names_make(&names, world, ports, family);
		/* From the shortest prefix to the longest: the whole before its parts. */
		for (size_t i = info->nroutes; i-- > 0;) {
			const struct netroute *route = &info->routes[i];
			struct prefix network = { route->dst, route->length };
			const struct netif *bridge;
			struct direct_way like = { .family = family };
			bool known = false;

			if (route->family != family || !is_network(world, route, bridges, &bridge))
				continue;
			/* The same route may be in several tables. */
			for (size_t k = before; k < ways->n && !known; k++)
				known = ways->v[k].network == route->dst &&
					ways->v[k].length == route->length;
			if (known)
				continue;
			memcpy(like.bridge, bridge->name, IFNAMSIZ);
			add_network(ways, &names, info, &network, &like);
		}
		names_clear(&names);
	}
}
