/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETINFO_H
#define DOCKFW_NETINFO_H

#include "addrset.h"

/*
 * What the network looks like beside its filters: interfaces, addresses,
 * routes. No I/O; host/netinfo_read.h asks the kernel.
 */

struct netif {
	char name[IFNAMSIZ];
	int index;
	int master;   /* index of the bridge, bond or VRF it belongs to; 0: none */
	bool port;    /* belongs to one and is no VRF's: packets come in on that, not here */
	bool bridge;  /* is a bridge */
	bool loopback;
	bool up;
	bool forwards[FAMILY_COUNT]; /* the kernel forwards what comes in here */
	/* Switches of IPv4. */
	bool localnet;      /* route_localnet: takes in packets for 127.0.0.0/8, and from there */
	bool accept_local;  /* … from the host's own addresses */
	bool source_mark;   /* src_valid_mark: the mark counts for the way back, too */
	uint8_t rp_filter;  /* 0; 1: the way back leads out there; 2: there is one at all */
	bool numbered;      /* has an address of IPv4, of whatever scope */
	bool has_addr[FAMILY_COUNT];
	addr_t addr[FAMILY_COUNT];   /* the first of its own that is not link-local */
};

struct netroute {
	enum family family;
	addr_t dst;
	unsigned int length; /* of the prefix */
	uint32_t table;
	uint8_t type;        /* RTN_UNICAST, RTN_LOCAL, … */
	uint32_t metric;
	int out;             /* index of the interface; 0: none */
	bool multipath;      /* one of several ways, out is the first */
};

/* A rule of policy routing. What it does not ask for is 0 or empty. */
struct netrule {
	enum family family;
	uint32_t priority, table;
	uint8_t action;       /* FR_ACT_… */
	uint32_t target;      /* of FR_ACT_GOTO: a priority */
	bool invert;
	bool never;           /* asks for an outgoing interface, which a packet from outside has not */
	bool vrf;             /* the table is that of the incoming interface's VRF */
	bool unknown;         /* asks for what is not known here, too */
	addr_t src, dst;
	unsigned int src_length, dst_length;
	uint32_t mark, mask;
	char in[IFNAMSIZ];
	bool suppresses;      /* routes with a prefix no longer than that do not count */
	unsigned int suppress;
};

struct netinfo {
	struct netif *ifs; /* owned, as are the others */
	size_t nifs, ifs_room;
	struct netroute *routes; /* sorted by netinfo_sort() */
	size_t nroutes, routes_room;
	struct netrule *rules;   /* in the order in which they are asked */
	size_t nrules, rules_room;
	bool local[FAMILY_COUNT]; /* a loopback interface is up with an address of that family */
};

void netinfo_clear(struct netinfo *info);

/* For whoever fills one in by hand: each returns what it added. */
struct netif *netinfo_add_if(struct netinfo *info, const char *name, int index);
/* With table 0: the main one, or for RTN_LOCAL and RTN_BROADCAST the local one. */
struct netroute *netinfo_add_route(struct netinfo *info, enum family family, addr_t dst,
				   unsigned int length, uint8_t type, int out);
/* Call behind the last route: look-ups need the order. */
void netinfo_sort(struct netinfo *info);

/* The interface, or NULL. */
const struct netif *netinfo_if(const struct netinfo *info, const char *name);
const struct netif *netinfo_if_index(const struct netinfo *info, int index);

/*
 * RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST or RTN_UNICAST: what the address is
 * to this host; where dev is not 0, to that interface of it.
 */
uint8_t netinfo_addr_type(const struct netinfo *info, enum family family, addr_t addr, int dev);
/* Adds all addresses of that type. */
void netinfo_type_set(const struct netinfo *info, enum family family, uint8_t type, int dev,
		      struct addrset *set);

/* The longest prefix of a table that covers addr, or NULL. */
const struct netroute *netinfo_lookup(const struct netinfo *info, enum family family,
				      uint32_t table, addr_t addr);
/* The highest address that shares the prefix with addr. */
addr_t netinfo_prefix_end(enum family family, addr_t addr, unsigned int length);

#endif
