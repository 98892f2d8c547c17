/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OWN_PLACES_H
#define DOCKFW_OWN_PLACES_H

#include "netinfo.h"

/* The destinations for which the host itself takes packets. Pure. */

/*
 * The addresses of the host that the world can send to, and the prefixes that are all its
 * own (ip route add local PREFIX dev lo), without the addresses that have routes of their
 * own.
 */
struct own_addresses {
	struct addrrange *v; /* owned; the single addresses come first */
	size_t n, room;
};
void own_addresses_find(const struct netinfo *info, enum family family,
			struct own_addresses *addresses);
void own_addresses_clear(struct own_addresses *addresses);

/* Another destination. Most packets for one fare like those for an address of the host. */
struct own_place {
	addr_t dst, last; /* the first and the last address */
	int only;    /* index of the one interface where it counts; 0: all */
	bool nearby; /* no router on the internet leads there */
	/*
	 * A broadcast, multicast or anycast address, or one of IPv4 that only another table than
	 * local makes the host's own: UDP sockets that listen on every address get its packets,
	 * but TCP does not answer, nor is it LOCAL to a rule that translates.
	 */
	bool udp;
};
struct own_places {
	struct own_place *v; /* owned */
	size_t n, room;
};
void own_places_find(const struct netinfo *info, enum family family, struct own_places *places);
void own_places_clear(struct own_places *places);

/*
 * Whether no router on the internet leads to that address of the host: a loopback or
 * link-local one.
 */
bool own_is_nearby(enum family family, addr_t host);
/* The same, or one for private networks. */
bool own_is_private(enum family family, addr_t host);

#endif
