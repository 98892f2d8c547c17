/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ROUTE_PATH_H
#define DOCKFW_ROUTE_PATH_H

#include "netinfo.h"

/* Where the kernel routes a packet to, and what it takes in from where. Pure. */

/* A packet that is routed. */
struct route_query {
	enum family family;
	const struct netif *in; /* NULL: the host itself sends it */
	addr_t src, dst;
	bool any_mark;          /* it is not known */
	uint32_t mark;
	bool any;               /* nor are src and in */
};

struct route_path {
	uint8_t type; /* RTN_LOCAL, RTN_UNICAST, …; RTN_UNREACHABLE where no route leads there */
	const struct netif *out; /* NULL: none */
	bool unsure; /* a rule of policy routing, or several ways, may lead elsewhere */
};
/* Where it goes. */
struct route_path route_path(const struct netinfo *info, const struct route_query *query);

/*
 * The sources of packets that may come in there at all, whatever the way back
 * is; into an empty set.
 */
void route_sources(const struct netinfo *info, enum family family, const struct netif *in,
		   struct addrset *set);
/*
 * Of the sources of packets that come in at in, those that the reverse path
 * filter (rp_filter) lets in, and those of which it cannot be told; both sets
 * are empty before. back is the packet that would go back, but for its
 * destination: its in is where the packet goes out, NULL where it is for the
 * host itself.
 */
void route_way_back(const struct netinfo *info, const struct netif *in,
		    const struct route_query *back, struct addrset *valid,
		    struct addrset *doubtful);

#endif
