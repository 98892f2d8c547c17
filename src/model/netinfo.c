/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netinfo.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "sorted.h"

void netinfo_clear(struct netinfo *info)
{
	free(info->ifs);
	free(info->routes);
	free(info->passed);
	free(info->hops);
	free(info->addrs);
	free(info->rules);
	*info = (struct netinfo){ 0 };
}

struct netif *netinfo_add_if(struct netinfo *info, const char *name, int index)
{
	struct netif *iface;

	GROW(info->ifs, info->nifs, info->ifs_room);
	iface = &info->ifs[info->nifs++];
	memset(iface, 0, sizeof(*iface));
	strncpy(iface->name, name, IFNAMSIZ - 1);
	iface->index = index;
	iface->forwards[FAMILY_IPV4] = iface->forwards[FAMILY_IPV6] = true;
	return iface;
}

struct netroute *netinfo_add_route(struct netinfo *info, enum family family, addr_t dst,
				   unsigned int length, uint8_t type, int out)
{
	struct netroute *route;

	GROW(info->routes, info->nroutes, info->routes_room);
	route = &info->routes[info->nroutes++];
	memset(route, 0, sizeof(*route));
	route->family = family;
	route->dst = dst;
	route->length = length;
	route->type = type;
	route->table = type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_ANYCAST
			       ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
	route->out = out;
	return route;
}

void netinfo_add_hop(struct netinfo *info, struct netroute *route, int out)
{
	if (!route->nhops)
		route->hop = info->nhops;
	route->nhops++;
	GROW(info->hops, info->nhops, info->hops_room);
	info->hops[info->nhops++] = out;
}

void netinfo_pass_over(struct netinfo *info)
{
	GROW(info->passed, info->npassed, info->passed_room);
	info->passed[info->npassed++] = info->routes[--info->nroutes];
}

void netinfo_add_addr(struct netinfo *info, enum family family, addr_t addr, int index,
		      bool tentative)
{
	GROW(info->addrs, info->naddrs, info->addrs_room);
	info->addrs[info->naddrs++] = (struct netaddr){ .family = family, .addr = addr,
							.index = index, .tentative = tentative };
}

/* Longest prefix first; for equal prefixes, lowest metric first. */
static int by_length(const void *left, const void *right)
{
	const struct netroute *a = left, *b = right;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->length != b->length)
		return a->length > b->length ? -1 : 1;
	if (a->dst != b->dst)
		return a->dst < b->dst ? -1 : 1;
	return a->metric < b->metric ? -1 : a->metric > b->metric;
}

static bool same_target(const struct netroute *a, const struct netroute *b)
{
	return a->family == b->family && a->table == b->table && a->length == b->length &&
	       a->dst == b->dst && a->metric == b->metric;
}

void netinfo_sort(struct netinfo *info)
{
	if (info->nroutes)
		qsort(info->routes, info->nroutes, sizeof(*info->routes), by_length);
	/* Equal IPv6 routes by several routers, and IPv4 routes that differ in type of service. */
	for (size_t i = info->nroutes; i-- > 1;)
		if (same_target(&info->routes[i - 1], &info->routes[i]) &&
		    (info->routes[i - 1].out != info->routes[i].out || info->routes[i].multipath ||
		     info->routes[i].ambiguous || info->routes[i].unknown))
			info->routes[i - 1].ambiguous = true;
}

bool netinfo_regardless(const struct netinfo *info, struct netinfo *all)
{
	bool differs = info->npassed;

	for (size_t i = 0; i < info->nroutes && !differs; i++)
		differs = info->routes[i].partly;
	if (!differs)
		return false;
	*all = *info;
	all->routes_room = info->nroutes + info->npassed;
	all->routes = xcalloc(all->routes_room, sizeof(*all->routes));
	for (size_t i = 0; i < all->routes_room; i++)
		all->routes[i] = i < info->nroutes ? info->routes[i]
						   : info->passed[i - info->nroutes];
	all->nroutes = all->routes_room;
	for (size_t i = 0; i < all->nroutes; i++)
		all->routes[i].ambiguous |= all->routes[i].partly;
	netinfo_sort(all);
	return true;
}

const struct netif *netinfo_if(const struct netinfo *info, const char *name)
{
	for (size_t i = 0; i < info->nifs; i++)
		if (!strncmp(info->ifs[i].name, name, IFNAMSIZ))
			return &info->ifs[i];
	return NULL;
}

const struct netif *netinfo_if_index(const struct netinfo *info, int index)
{
	for (size_t i = 0; i < info->nifs; i++)
		if (info->ifs[i].index == index)
			return &info->ifs[i];
	return NULL;
}

const struct netif *netinfo_vrf_of(const struct netinfo *info, const struct netif *iface)
{
	return iface->master && !iface->port ? netinfo_if_index(info, iface->master) : NULL;
}

/* src_valid_mark has an effect only through a rule that matches on the mark. */
bool netinfo_marks_matter(const struct netinfo *info, enum family family)
{
	for (size_t i = 0; i < info->nrules; i++)
		if (info->rules[i].family == family && info->rules[i].mask)
			return true;
	return false;
}

/*
 * A host that is itself a container has a veth as its way out, with the name of a network
 * card. Docker names its own veths "veth" and a number, and its bridges "br-" and an id.
 */
static bool named_as_nic(const struct netif *iface)
{
	static const char *const starts[] = { "en", "eth", "wl", "ww", "ib", "sl", "bond", "lan",
					      "wan" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(iface->name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

bool netinfo_bridges_outside(const struct netinfo *info, const struct netif *bridge)
{
	for (size_t i = 0; i < info->nifs; i++) {
		const struct netif *port = &info->ifs[i];

		if (port->master == bridge->index && (!port->to_container || named_as_nic(port)))
			return true;
	}
	return bridge->to_router;
}

bool netinfo_leads_outside(const struct netinfo *info, const struct netif *iface)
{
	return !iface->bridge || named_as_nic(iface) || netinfo_bridges_outside(info, iface);
}

enum scope { SCOPE_GLOBAL, SCOPE_NODE, SCOPE_LINK, SCOPE_SITE };

/* As ipv6_addr_scope() in the kernel, where unique local addresses are global. */
static enum scope scope_of(addr_t addr)
{
	if (addr >> 120 == 0xff) {
		unsigned int scope = (unsigned int)(addr >> 112) & 0xf;

		return scope == 1 ? SCOPE_NODE : scope == 2 ? SCOPE_LINK : scope == 5 ? SCOPE_SITE
										: SCOPE_GLOBAL;
	}
	if (addr == 1)
		return SCOPE_NODE;
	if (addr >> 118 == 0xfe80 >> 6)
		return SCOPE_LINK;
	return addr >> 118 == 0xfec0 >> 6 ? SCOPE_SITE : SCOPE_GLOBAL;
}

bool netinfo_redirect(const struct netinfo *info, const struct netif *iface, enum family family,
		      addr_t dst, addr_t *addr)
{
	for (size_t i = 0; i < info->naddrs; i++) {
		const struct netaddr *own = &info->addrs[i];

		if (own->index != iface->index || own->family != family)
			continue;
		if (family == FAMILY_IPV6 &&
		    (own->tentative || (scope_of(dst) != SCOPE_GLOBAL &&
					scope_of(dst) != scope_of(own->addr))))
			continue;
		*addr = own->addr;
		return true;
	}
	return false;
}

addr_t netinfo_prefix_end(enum family family, addr_t addr, unsigned int length)
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;

	return length ? addr | ((((addr_t)1 << (width - length)) - 1)) : addr_max(family);
}

bool netinfo_prefix_has(enum family family, addr_t prefix, unsigned int length, addr_t addr)
{
	return !length || (addr >= prefix && addr <= netinfo_prefix_end(family, prefix, length));
}

/* The index of the first route that does not come before key. */
static size_t lower_bound(const struct netinfo *info, const struct netroute *key)
{
	return sorted_first(key, info->routes, info->nroutes, sizeof(*info->routes), by_length);
}

/* The first of the routes with the key's prefix, from number at on, that has that device. */
static const struct netroute *route_on(const struct netinfo *info, const struct netroute *key,
				       size_t at, int dev)
{
	for (; at < info->nroutes; at++) {
		const struct netroute *route = &info->routes[at];

		if (route->family != key->family || route->table != key->table ||
		    route->length != key->length || route->dst != key->dst)
			break;
		if (!dev || route->out == dev)
			return route;
	}
	return NULL;
}

/* One search for each prefix length in use. */
const struct netroute *netinfo_lookup(const struct netinfo *info, enum family family,
				      uint32_t table, addr_t addr, int dev)
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;
	struct netroute key = { .family = family, .table = table, .length = width };

	for (;;) {
		const struct netroute *route;
		size_t at;

		key.dst = 0;
		at = lower_bound(info, &key);
		if (at == info->nroutes)
			return NULL;
		route = &info->routes[at];
		if (route->family != family || route->table != table)
			return NULL;
		key.length = route->length;
		key.dst = key.length ? addr & ~(netinfo_prefix_end(family, 0, key.length)) : 0;
		route = route_on(info, &key, lower_bound(info, &key), dev);
		if (route || !key.length)
			return route;
		key.length--;
	}
}

static bool is_multicast(enum family family, addr_t addr)
{
	return family == FAMILY_IPV4 ? addr >> 28 == 0xe : addr >> 120 == 0xff;
}

uint8_t netinfo_addr_type(const struct netinfo *info, enum family family, addr_t addr, int dev)
{
	const struct netroute *route;

	/* The kernel's FIB code treats 0.0.0.0 and 255.255.255.255 as broadcast. */
	if (family == FAMILY_IPV4 && (!addr || addr == 0xffffffff))
		return RTN_BROADCAST;
	if (is_multicast(family, addr))
		return RTN_MULTICAST;
	route = netinfo_lookup(info, family, RT_TABLE_LOCAL, addr, 0);
	if (!route || (dev && route->out != dev))
		return RTN_UNICAST;
	return route->type;
}

bool netinfo_leads_here(const struct netinfo *info, const struct netroute *route)
{
	if (route->type != RTN_LOCAL || route->table == RT_TABLE_LOCAL)
		return false;
	for (size_t i = 0; i < info->nrules; i++)
		if (info->rules[i].family == route->family && info->rules[i].table == route->table &&
		    info->rules[i].action == FR_ACT_TO_TBL && !info->rules[i].mask)
			return true;
	return !info->nrules && route->table == RT_TABLE_MAIN;
}

bool netinfo_is_elsewhere(const struct netinfo *info, const struct netroute *route)
{
	return route->family == FAMILY_IPV6 && netinfo_leads_here(info, route);
}

bool netinfo_local_elsewhere(const struct netinfo *info, enum family family, addr_t lo, addr_t hi)
{
	for (size_t i = 0; family == FAMILY_IPV6 && i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];

		if (route->dst <= hi && netinfo_is_elsewhere(info, route) &&
		    lo <= netinfo_prefix_end(family, route->dst, route->length))
			return true;
	}
	return false;
}

void netinfo_type_set(const struct netinfo *info, enum family family, uint8_t type, int dev,
		      struct addrset *set)
{
	addr_t multi = family == FAMILY_IPV4 ? (addr_t)0xe << 28 : (addr_t)0xff << 120;
	addr_t multi_end = family == FAMILY_IPV4 ? ((addr_t)0xf << 28) - 1 : addr_max(family);
	struct addrset special = { 0 }, found = { 0 };

	if (family == FAMILY_IPV4) {
		addrset_add(&special, 0, 0);
		addrset_add(&special, 0xffffffff, 0xffffffff);
	}
	if (type == RTN_BROADCAST)
		addrset_unite(set, &special);
	if (type == RTN_MULTICAST)
		addrset_add(set, multi, multi_end);
	addrset_add(&special, multi, multi_end);
	if (type == RTN_UNICAST)
		addrset_all(&found, family);
	/* From the shortest prefix to the longest, which overrides the others. */
	for (size_t i = info->nroutes; i-- > 0;) {
		const struct netroute *route = &info->routes[i];
		struct addrset one = { 0 };
		uint8_t is = route->type;

		if (route->family != family || route->table != RT_TABLE_LOCAL)
			continue;
		if (dev && route->out != dev)
			is = RTN_UNICAST;
		addrset_add(&one, route->dst, netinfo_prefix_end(family, route->dst, route->length));
		if (is == type)
			addrset_unite(&found, &one);
		else
			addrset_subtract(&found, &one);
		addrset_clear(&one);
	}
	addrset_subtract(&found, &special);
	addrset_unite(set, &found);
	addrset_clear(&found);
	addrset_clear(&special);
}
