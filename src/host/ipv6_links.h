/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_IPV6_LINKS_H
#define DOCKFW_IPV6_LINKS_H

#include <stdbool.h>

#include "util.h"

/*
 * Adds the names of the interfaces with a global IPv6 address (ULA included) to names,
 * which the caller clears. Returns -1 with errno set, and reports nothing, if the kernel
 * does not list them; one without IPv6 lists none.
 *
 * Reads /proc/self/net/if_inet6: address, index, prefix length, scope (00: global), flags
 * and name of each, in hexadecimal (net/ipv6/addrconf.c, if6_seq_show()).
 */
int ipv6_links(struct strings *names);

/*
 * The same for the interfaces to which a route leads that is not only for link-local or
 * multicast addresses, in any routing table: with or without an address, the host forwards
 * there. Of several next hops in an object (ip nexthop), only the first is known.
 *
 * Reads /proc/self/net/ipv6_route: destination, its prefix length, source, its prefix length,
 * router, metric, two counters, flags and name of each, in hexadecimal (net/ipv6/ip6_fib.c,
 * ipv6_route_native_seq_show()). Its size has no limit: a router has all of the internet's.
 */
int ipv6_route_links(struct strings *names);

/*
 * Whether the host forwards IPv6 packets that come in on any of its interfaces; true if it is
 * not known.
 */
bool ipv6_forwards(void);

#endif
