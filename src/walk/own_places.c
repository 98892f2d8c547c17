/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_places.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>

/* Prefixes that are cut into more pieces than this are taken as one. */
#define PIECES_MAX 256

bool own_is_nearby(enum family family, addr_t host)
{
	if (family == FAMILY_IPV6)
		return host == 1 || host >> 118 == 0xfe80 >> 6;
	return host >> 24 == 127 || host >> 16 == 0xa9fe;
}

bool own_is_private(enum family family, addr_t host)
{
	if (own_is_nearby(family, host))
		return true;
	if (family == FAMILY_IPV6)
		return host >> 121 == 0xfc >> 1;
	return host >> 24 == 10 || host >> 20 == 0xac1 || host >> 16 == 0xc0a8 ||
	       host >> 22 == 0x6440 >> 6;
}

static unsigned int width_of(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

/*
 * Whether packets for it are the host's own by that table. What other tables take as local, as
 * those of a VRF or of a transparent proxy do, is not; what they do of IPv4 without a mark is a
 * place of its own (add_led_here()).
 */
static bool decides_on_local(const struct netinfo *info, const struct netroute *route)
{
	return route->table == RT_TABLE_LOCAL || netinfo_is_elsewhere(info, route);
}

static void own_addresses_add(struct own_addresses *addresses, addr_t lo, addr_t hi)
{
	GROW(addresses->v, addresses->n, addresses->room);
	addresses->v[addresses->n++] = (struct addrrange){ lo, hi };
}

/* Loopback, multicast, and what the kernel always takes as broadcast. */
static void subtract_special(enum family family, struct addrset *set)
{
	struct addrset special = { 0 };

	if (family == FAMILY_IPV4) {
		addrset_add(&special, 0, 0);
		addrset_add(&special, (addr_t)127 << 24, ((addr_t)128 << 24) - 1);
		addrset_add(&special, (addr_t)0xe0 << 24, ((addr_t)0xf0 << 24) - 1);
		addrset_add(&special, addr_max(family), addr_max(family));
	} else {
		addrset_add(&special, 0, 1);
		addrset_add(&special, (addr_t)0xff << 120, addr_max(family));
	}
	addrset_subtract(set, &special);
	addrset_clear(&special);
}

/* Fills an empty set with the prefixes that are local, without what longer routes cover. */
static void local_prefixes(const struct netinfo *info, enum family family, struct addrset *set)
{
	struct addrset one = { 0 };

	/* From the shortest prefix to the longest. */
	for (size_t i = info->nroutes; i-- > 0;) {
		const struct netroute *route = &info->routes[i];

		if (route->family != family || !decides_on_local(info, route))
			continue;
		addrset_add(&one, route->dst, netinfo_prefix_end(family, route->dst, route->length));
		if (route->type == RTN_LOCAL && route->length < width_of(family))
			addrset_unite(set, &one);
		else
			addrset_subtract(set, &one);
		addrset_clear(&one);
	}
	subtract_special(family, set);
}

void own_addresses_find(const struct netinfo *info, enum family family,
			struct own_addresses *addresses)
{
	struct addrset prefixes = { 0 };

	*addresses = (struct own_addresses){ 0 };
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];

		if (route->family == family && route->type == RTN_LOCAL &&
		    decides_on_local(info, route) && route->length == width_of(family) &&
		    !own_is_nearby(family, route->dst))
			own_addresses_add(addresses, route->dst, route->dst);
	}
	local_prefixes(info, family, &prefixes);
	if (prefixes.n > PIECES_MAX)
		own_addresses_add(addresses, prefixes.v[0].lo, prefixes.v[prefixes.n - 1].hi);
	else
		for (size_t i = 0; i < prefixes.n; i++)
			own_addresses_add(addresses, prefixes.v[i].lo, prefixes.v[i].hi);
	addrset_clear(&prefixes);
}

void own_addresses_clear(struct own_addresses *addresses)
{
	free(addresses->v);
	*addresses = (struct own_addresses){ 0 };
}

/* The place is one address unless it has a last one. */
static void own_places_add(struct own_places *places, struct own_place place)
{
	if (!place.last)
		place.last = place.dst;
	for (size_t i = 0; i < places->n; i++)
		if (places->v[i].dst == place.dst && places->v[i].last == place.last &&
		    places->v[i].only == place.only) {
			places->v[i].nearby |= place.nearby;
			return;
		}
	GROW(places->v, places->n, places->room);
	places->v[places->n++] = place;
}

/*
 * Whether the world's packets for a network's broadcast address end at another router: the
 * last one does not pass them on (RFC 2644). It is on the link of that network, unless this
 * host itself is the router to which the network is led.
 */
static bool stays_on_link(const struct netinfo *info, const struct netroute *broadcast)
{
	const struct netif *link = netinfo_if_index(info, broadcast->out);

	if (own_is_private(FAMILY_IPV4, broadcast->dst) || (link && link->to_router))
		return true;
	for (size_t i = 0; i < info->nifs; i++)
		if (info->ifs[i].to_router)
			return false;
	return true;
}

/* Fills an empty set with the addresses of the route, without what longer ones of its table cover. */
static void led_here(const struct netinfo *info, const struct netroute *route, struct addrset *set)
{
	addr_t end = netinfo_prefix_end(route->family, route->dst, route->length);

	addrset_add(set, route->dst, end);
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *other = &info->routes[i];
		struct addrset one = { 0 };

		if (other->family != route->family || other->table != route->table ||
		    other->length <= route->length || other->dst < route->dst || other->dst > end)
			continue;
		addrset_add(&one, other->dst,
			    netinfo_prefix_end(other->family, other->dst, other->length));
		addrset_subtract(set, &one);
		addrset_clear(&one);
	}
	subtract_special(route->family, set);
}

static void add_led_here(const struct netinfo *info, struct own_places *places)
{
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];
		struct addrset set = { 0 };

		if (route->family != FAMILY_IPV4 || !netinfo_leads_here(info, route))
			continue;
		led_here(info, route, &set);
		for (size_t k = 0; k < set.n && k < PIECES_MAX; k++)
			own_places_add(places, (struct own_place){
				.dst = set.v[k].lo, .udp = true,
				.last = k == PIECES_MAX - 1 ? set.v[set.n - 1].hi : set.v[k].hi,
				.nearby = own_is_nearby(route->family, set.v[k].lo) });
		addrset_clear(&set);
	}
}

void own_places_find(const struct netinfo *info, enum family family, struct own_places *places)
{
	bool localnet = false;

	*places = (struct own_places){ 0 };
	for (size_t i = 0; i < info->nifs; i++)
		localnet |= info->ifs[i].localnet && !info->ifs[i].loopback;
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];
		bool nearby = own_is_nearby(family, route->dst);
		bool udp = route->type == RTN_BROADCAST || route->type == RTN_ANYCAST;

		if (route->family != family || route->table != RT_TABLE_LOCAL ||
		    route->length != width_of(family) || (!udp && route->type != RTN_LOCAL) ||
		    (!udp && !nearby))
			continue;
		if (family == FAMILY_IPV4 ? route->dst >> 24 == 127 : route->dst == 1)
			continue;
		own_places_add(places, (struct own_place){
			.dst = route->dst, .udp = udp,
			.nearby = nearby ||
				  (route->type == RTN_BROADCAST && stays_on_link(info, route)),
			/* IPv6 looks up a link-local address on the interface it came in on. */
			.only = family == FAMILY_IPV6 && nearby ? route->out : 0 });
	}
	if (family == FAMILY_IPV6) {
		own_places_add(places, (struct own_place){ .dst = ((addr_t)0xff02 << 112) + 1,
							   .nearby = true, .udp = true });
		return;
	}
	add_led_here(info, places);
	own_places_add(places, (struct own_place){ .dst = 0xffffffff, .nearby = true, .udp = true });
	own_places_add(places, (struct own_place){ .dst = 0xe0000001, .nearby = true, .udp = true });
	if (localnet)
		own_places_add(places, (struct own_place){ .dst = 0x7f000001, .nearby = true });
}

void own_places_clear(struct own_places *places)
{
	free(places->v);
	*places = (struct own_places){ 0 };
}
