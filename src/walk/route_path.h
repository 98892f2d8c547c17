/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ROUTE_PATH_H
#define DOCKFW_ROUTE_PATH_H

#include "netinfo.h"

/* Where the kernel routes a packet, and which sources it accepts on an interface. Pure. */

/* The packet to route. */
struct route_query {
	enum family family;
	const struct netif *in; /* NULL: the host itself sends it */
	addr_t src, dst;
	bool any_mark;          /* mark is not known */
	uint32_t mark;
	bool any;               /* src and in are not known */
};

struct route_path {
	uint8_t type; /* RTN_LOCAL, RTN_UNICAST, …; RTN_UNREACHABLE if there is no route */
	const struct netif *out; /* NULL: none */
	bool gateway; /* the next hop is a router */
	bool broadcast; /* to all of a network, although it is forwarded; the caller sets it */
	bool unsure; /* policy routing, or one of several routes, may send it elsewhere */
};
/* Whether it belongs to a VRF, whose table is not read. */
bool route_in_vrf(const struct netif *iface);
/* Returns where the packet goes. */
struct route_path route_path(const struct netinfo *info, const struct route_query *query);

/*
 * Fills an empty set with the sources of packets that may come in there at all,
 * whatever the way back is.
 */
void route_sources(const struct netinfo *info, enum family family, const struct netif *in,
		   struct addrset *set);
/*
 * Fills two empty sets with sources of packets that come in on interface in: valid with
 * those that the reverse path filter (rp_filter) lets in, doubtful with those for which
 * that is not known. back is the reply, apart from its destination: back->in is where
 * the packet goes out, NULL if it is for the host itself.
 */
void route_way_back(const struct netinfo *info, const struct netif *in,
		    const struct route_query *back, struct addrset *valid,
		    struct addrset *doubtful);

#endif
