/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETINFO_H
#define DOCKFW_NETINFO_H

#include "addrset.h"

/*
 * The network apart from its packet filters: interfaces, addresses, routes. No I/O;
 * host/netinfo_read.h reads it from the kernel.
 */

struct netif {
	char name[IFNAMSIZ];
	int index;
	int master;   /* index of its bridge, bond or VRF; 0: none */
	bool port;    /* its master is not a VRF: packets come in on the master instead */
	bool bridge;  /* is a bridge */
	bool loopback;
	bool up;
	bool forwards[FAMILY_COUNT]; /* the kernel forwards packets that arrive here */
	/* IPv4 sysctls. */
	bool localnet;      /* route_localnet: accepts packets to and from 127.0.0.0/8 */
	bool accept_local;  /* accept_local: accepts packets from the host's own addresses */
	bool source_mark;   /* src_valid_mark: the mark also counts in the reverse path lookup */
	uint8_t rp_filter;  /* 0: off; 1: the reverse route leads out here; 2: there is any */
	bool numbered;      /* has an IPv4 address of any scope */
	bool has_addr[FAMILY_COUNT];
	addr_t addr[FAMILY_COUNT];   /* its first address that is not link-local */
};

struct netroute {
	enum family family;
	addr_t dst;
	unsigned int length; /* prefix length */
	uint32_t table;
	uint8_t type;        /* RTN_UNICAST, RTN_LOCAL, … */
	uint32_t metric;
	int out;             /* index of the interface; 0: none */
	bool multipath;      /* it has several next hops; out belongs to the first */
};

/* A policy routing rule. Selectors that it does not have are 0 or empty. */
struct netrule {
	enum family family;
	uint32_t priority, table;
	uint8_t action;       /* FR_ACT_… */
	uint32_t target;      /* for FR_ACT_GOTO: a priority */
	bool invert;
	bool never;           /* selects on the output interface, which no incoming packet has */
	bool vrf;             /* uses the table of the input interface's VRF */
	bool unknown;         /* also selects on something that is not known here */
	addr_t src, dst;
	unsigned int src_length, dst_length;
	uint32_t mark, mask;
	char in[IFNAMSIZ];
	bool suppresses;      /* ignores routes with a prefix length of at most suppress */
	unsigned int suppress;
};

struct netinfo {
	struct netif *ifs; /* owned, like the other arrays */
	size_t nifs, ifs_room;
	struct netroute *routes; /* sorted by netinfo_sort() */
	size_t nroutes, routes_room;
	struct netrule *rules;   /* in the order in which the kernel evaluates them */
	size_t nrules, rules_room;
	bool local[FAMILY_COUNT]; /* a loopback interface is up and has an address of the family */
};

void netinfo_clear(struct netinfo *info);

/* To fill one in: both return the new element, valid until the next one is added. */
struct netif *netinfo_add_if(struct netinfo *info, const char *name, int index);
/* Sets table to main, or to local for RTN_LOCAL, RTN_BROADCAST and RTN_ANYCAST. */
struct netroute *netinfo_add_route(struct netinfo *info, enum family family, addr_t dst,
				   unsigned int length, uint8_t type, int out);
/* Call after the last route: lookups need the order. */
void netinfo_sort(struct netinfo *info);

/* The interface, or NULL. */
const struct netif *netinfo_if(const struct netinfo *info, const char *name);
const struct netif *netinfo_if_index(const struct netinfo *info, int index);

/*
 * The type of the address on this host, or if dev is not 0 on that interface:
 * RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST or RTN_UNICAST.
 */
uint8_t netinfo_addr_type(const struct netinfo *info, enum family family, addr_t addr, int dev);
/* Adds all addresses of that type. */
void netinfo_type_set(const struct netinfo *info, enum family family, uint8_t type, int dev,
		      struct addrset *set);

/* The route of a table with the longest prefix that covers addr, or NULL. */
const struct netroute *netinfo_lookup(const struct netinfo *info, enum family family,
				      uint32_t table, addr_t addr);
/* The highest address with the same prefix as addr. */
addr_t netinfo_prefix_end(enum family family, addr_t addr, unsigned int length);

#endif
