/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "direct_ways.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "direct_names.h"
#include "sorted.h"

/* An address that stands for a network is looked for only so far. */
#define TRIES_MAX 4096

void direct_ways_clear(struct direct_ways *ways)
{
	free(ways->v);
	*ways = (struct direct_ways){ 0 };
}

static bool covers(enum family family, const struct named_prefix *prefix, addr_t addr)
{
	return addr >= prefix->addr &&
	       addr <= netinfo_prefix_end(family, prefix->addr, prefix->length);
}

static int before_addr(const void *element, const void *key)
{
	return ((const struct named_prefix *)element)->addr < *(const addr_t *)key ? -1 : 0;
}

/* The prefixes with an address inside this one; those of the same address come first. */
static void inside(const struct direct_names *names, enum family family,
		   const struct named_prefix *prefix, size_t *first, size_t *last)
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
static bool find_address(const struct direct_names *names, const struct netinfo *info,
			 enum family family, const struct named_prefix *prefix, addr_t *found)
{
	addr_t addr = netinfo_prefix_end(family, prefix->addr, prefix->length);
	size_t first, last, at;

	inside(names, family, prefix, &first, &last);
	at = last;
	for (unsigned int tries = 0; tries < TRIES_MAX && addr >= prefix->addr; tries++) {
		const struct named_prefix *smaller = NULL;

		while (at > first && names->prefixes[at - 1].addr > addr)
			at--;
		/* A prefix ends before the next one begins, or contains it. */
		for (size_t i = at; i-- > first && !smaller && at - i < TRIES_MAX;)
			if (names->prefixes[i].length > prefix->length &&
			    covers(family, &names->prefixes[i], addr))
				smaller = &names->prefixes[i];
		if (!smaller && netinfo_addr_type(info, family, addr, 0) == RTN_UNICAST &&
		    (addr > prefix->addr || prefix->length + 1 >= 8 * family_addr_size(family))) {
			*found = addr;
			return true;
		}
		if (!addr || (smaller && !smaller->addr))
			return false;
		addr = (smaller ? smaller->addr : addr) - 1;
	}
	return false;
}

static void add_way(struct direct_ways *ways, const struct direct_names *names,
		    const struct direct_way *like, uint8_t proto, struct span port)
{
	struct direct_way way = *like;
	bool any = false;

	way.proto = proto;
	way.port = port;
	for (enum direct_proto p = 0; p < DIRECT_PROTOS; p++) {
		if (!proto || p == direct_proto_of(proto))
			way.to_port[p] = direct_spans_port(&names->spans, p, port);
		any |= way.to_port[p] != 0;
	}
	if (!any)
		return;
	GROW(ways->v, ways->n, ways->room);
	ways->v[ways->n++] = way;
}

/* ports: whether to follow each span of ports as well. */
static void add_prefix(struct direct_ways *ways, const struct direct_names *names,
		       const struct netinfo *info, const struct named_prefix *prefix, bool ports,
		       struct direct_way *like)
{
	like->network = prefix->addr;
	like->length = prefix->length;
	if (!find_address(names, info, like->family, prefix, &like->to))
		return;
	add_way(ways, names, like, 0, SPAN_ALL);
	for (size_t i = 0; i < names->spans.n && ports; i++)
		if (names->spans.v[i].follow)
			add_way(ways, names, like, names->spans.v[i].proto, names->spans.v[i].port);
}

/* A network of a bridge, and the parts of it that rules name. */
static void add_network(struct direct_ways *ways, const struct direct_names *names,
			const struct netinfo *info, const struct named_prefix *network,
			struct direct_way *like)
{
	size_t first, last;

	add_prefix(ways, names, info, network, true, like);
	inside(names, like->family, network, &first, &last);
	for (size_t i = first; i < last; i++)
		if (names->prefixes[i].length > network->length)
			add_prefix(ways, names, info, &names->prefixes[i],
				   names->prefixes[i].ports, like);
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
		struct direct_names names;
		size_t before = ways->n;

		if (!(families & 1U << family) || !bridges->n)
			continue;
		direct_names_make(&names, world, ports, family);
		/* From the shortest prefix to the longest: the whole before its parts. */
		for (size_t i = info->nroutes; i-- > 0;) {
			const struct netroute *route = &info->routes[i];
			struct named_prefix network = { .addr = route->dst, .length = route->length };
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
		direct_names_clear(&names);
	}
}
