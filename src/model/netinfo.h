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
	int link;     /* index of the device that it is on, as a VLAN is; 0: none */
	int master;   /* index of its bridge, bond or VRF; 0: none */
	bool port;    /* its master is not a VRF: packets come in on the master instead */
	bool isolated; /* such a port of a bridge: it passes nothing to another isolated one */
	bool bridge;  /* is a bridge */
	bool guest;   /* a veth, tap, tun or dummy: of a container or a virtual machine, if in a bridge */
	bool vrf;     /* is a VRF: packets come in on the interfaces that it has */
	bool loopback;
	bool to_container; /* a veth whose other end is in another network namespace */
	bool to_router;    /* a route through it has a gateway, or is for every address */
	/*
	 * Bridges: netfilter also sees the packets of this family that the bridge passes
	 * from one of its ports to another (bridge-nf-call-iptables, -ip6tables).
	 */
	bool filtered[FAMILY_COUNT];
	bool up;
	bool forwards[FAMILY_COUNT]; /* the kernel forwards packets that arrive here */
	/* IPv4 sysctls. */
	bool localnet;      /* route_localnet: accepts packets to and from 127.0.0.0/8 */
	bool accept_local;  /* accept_local: accepts packets from the host's own addresses */
	bool passes_broadcast; /* bc_forwarding: forwards what is for all of a network */
	bool source_route;  /* accept_source_route: a packet says where it goes next */
	bool source_mark;   /* src_valid_mark: the mark also counts in the reverse path lookup */
	uint8_t rp_filter;  /* 0: off; 1: the reverse route leads out here; 2: there is any */
	bool numbered;      /* has an IPv4 address of any scope */
	bool has_addr[FAMILY_COUNT];
	addr_t addr[FAMILY_COUNT];   /* its first address that is not link-local */
};

/* An address of an interface, in the kernel's order, which is not sorted. */
struct netaddr {
	enum family family;
	addr_t addr;
	int index;      /* of the interface */
	bool tentative; /* IPv6 does not use it yet, or not at all: it may be a duplicate */
};

struct netroute {
	enum family family;
	addr_t dst;
	unsigned int length; /* prefix length */
	uint32_t table;
	uint8_t type;        /* RTN_UNICAST, RTN_LOCAL, … */
	uint32_t metric;
	int out;             /* index of the interface; 0: none */
	bool gateway;        /* the next hop is a router */
	bool multipath;      /* it has several next hops; out belongs to the first */
	size_t hop, nhops;   /* their interfaces, in hops of the netinfo; none: not known */
	bool ambiguous;      /* another route may be used instead, by what is not known here */
	bool unknown;        /* out, or that of one of the hops, could not be read */
	bool partly;         /* it has more hops, which are passed over while their link is down */
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
	/* What forwarding and rp_filter pass over while the link is down; in no order. */
	struct netroute *passed;
	size_t npassed, passed_room;
	int *hops;               /* indexes of interfaces, see netroute */
	size_t nhops, hops_room;
	struct netaddr *addrs;
	size_t naddrs, addrs_room;
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
/* Adds an interface to the next hops of a multipath route, the last one that was added. */
void netinfo_add_hop(struct netinfo *info, struct netroute *route, int out);
/* Moves the last route that was added to those that are passed over. */
void netinfo_pass_over(struct netinfo *info);
void netinfo_add_addr(struct netinfo *info, enum family family, addr_t addr, int index,
		      bool tentative);
/* Call after the last route: lookups need the order. */
void netinfo_sort(struct netinfo *info);

/*
 * Makes all a copy of info, sorted, with the routes that are passed over among the others: for
 * lookups that do not regard the state of a link. It borrows everything but its routes, which
 * the caller frees. Returns false, and leaves all as it is, if that makes no difference.
 */
bool netinfo_regardless(const struct netinfo *info, struct netinfo *all);

/* The interface, or NULL. */
const struct netif *netinfo_if(const struct netinfo *info, const char *name);
const struct netif *netinfo_if_index(const struct netinfo *info, int index);
/* The VRF that the interface is a part of, or NULL. */
const struct netif *netinfo_vrf_of(const struct netinfo *info, const struct netif *iface);

/*
 * Whether packets may come in there from elsewhere than this host's own containers. Only
 * a bridge may not: one whose ports all lead to containers, without a router there, and
 * without the name of a network card.
 */
bool netinfo_leads_outside(const struct netinfo *info, const struct netif *iface);
/* The same of a bridge, by what it has: a port that is not a container's, or a router. */
bool netinfo_bridges_outside(const struct netinfo *info, const struct netif *bridge);

/*
 * Fills in the address that REDIRECT gives to a packet for dst that comes in there:
 * in IPv4 the interface's first, in IPv6 its first of the scope of dst, or of any scope
 * if dst is global (net/netfilter/nf_nat_redirect.c). Returns false if there is none:
 * the kernel drops the packet.
 */
bool netinfo_redirect(const struct netinfo *info, const struct netif *iface, enum family family,
		      addr_t dst, addr_t *addr);

/*
 * The type of the address on this host, or if dev is not 0 on that interface:
 * RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST or RTN_UNICAST.
 */
uint8_t netinfo_addr_type(const struct netinfo *info, enum family family, addr_t addr, int dev);
/*
 * Whether routes of other tables than local make an IPv6 address from lo to hi the host's own:
 * of those that policy routing evaluates for packets without a mark. IPv4 goes by local only.
 */
bool netinfo_local_elsewhere(const struct netinfo *info, enum family family, addr_t lo, addr_t hi);
/*
 * Whether the route is one of such a table, in either family. The kernel takes packets for an
 * IPv4 address of it as the host's own, but addrtype does not, and TCP does not answer.
 */
bool netinfo_leads_here(const struct netinfo *info, const struct netroute *route);
/* Whether the route is one of these, and of IPv6. */
bool netinfo_is_elsewhere(const struct netinfo *info, const struct netroute *route);
/* Adds all addresses of that type. */
void netinfo_type_set(const struct netinfo *info, enum family family, uint8_t type, int dev,
		      struct addrset *set);

/* Whether the mark of a packet can change how it is routed, or which source it may have. */
bool netinfo_marks_matter(const struct netinfo *info, enum family family);

/*
 * The route of a table with the longest prefix that covers addr, or NULL; if dev is not
 * 0, of those through that interface.
 */
const struct netroute *netinfo_lookup(const struct netinfo *info, enum family family,
				      uint32_t table, addr_t addr, int dev);
/* The highest address with the same prefix as addr. */
addr_t netinfo_prefix_end(enum family family, addr_t addr, unsigned int length);
bool netinfo_prefix_has(enum family family, addr_t prefix, unsigned int length, addr_t addr);

#endif
