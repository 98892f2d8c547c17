/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_H
#define DOCKFW_EXPOSURE_H

#include "policy.h"
#include "walk.h"

/*
 * Who can reach the published ports: for each, the sources and interfaces from
 * which a new connection gets through, and the rule that decides. Pure, except that it
 * checks the time limit.
 */

/* What answers the connections. */
enum answers {
	ANSWERS_DNAT,   /* the container, after a translation */
	ANSWERS_PROXY,  /* docker-proxy on the host: INPUT decides, DOCKER-USER is not evaluated */
	ANSWERS_BOTH,   /* the container for some sources, docker-proxy for others */
	ANSWERS_DIRECT, /* the container at its own address, without a translation */
	ANSWERS_NOBODY, /* the translation never happens, and no docker-proxy listens */
};
/* "dnat", "proxy", "both", "direct", "nobody". */
const char *answers_name(enum answers answers);

enum openness {
	OPEN_NOBODY, /* closed */
	OPEN_SOME,   /* to some sources, or only to hosts nearby */
	OPEN_MAYBE,  /* it cannot be decided who gets in */
	OPEN_ALL,    /* to the world (addrset_is_world()), on an interface that leads outside */
};
/* "closed", "limited", "maybe", "open". */
const char *openness_name(enum openness openness);

/* Interfaces that are not Docker's and whose packets fare alike, and how they fare. */
struct exposed_way {
	const struct netif **ifs; /* owned */
	size_t nifs;
	bool outside; /* the policy's outside names them, or is empty */
	bool allowed; /* a publish section allows any there */
	bool inner;   /* they are bridges that only have containers: see exposure_compute_proxied() */
	/* The sources that packets may have there, whatever the rules are; in the list's pool. */
	const struct addrset *possible;
	/* The sources that get in, and those that cannot be decided; in the list's pool. */
	const struct addrset *open, *maybe;
	/*
	 * Not NULL: open may not hold for the members of sets that could not be read, of which
	 * this is one: another condition, or the type of the set, may let these in as well.
	 */
	const struct ipset *unread;
	/* Of those, the sources that docker-proxy answers, for certain or perhaps; in the pool. */
	const struct addrset *proxied, *perhaps_proxied;
	bool to_container, to_proxy;
	/* Some get in only by a packet that is INVALID to connection tracking (packet->invalid). */
	bool by_invalid;
	struct decider open_by, closed_by, doubt;
	bool has_open_by, has_closed_by, has_doubt;
	/* The guard decides for the host's own firewall: what decides there. */
	struct decider host_by;
	bool has_host;
};

struct exposure {
	enum family family;
	uint8_t proto;          /* 0: every protocol, for a network */
	struct span port;       /* on the host; for ANSWERS_DIRECT, of the container */
	bool any_host;          /* every address of the host */
	/*
	 * Not a published port: what gets through to a container's own address as well, for
	 * ANSWERS_DIRECT; listed only if that is someone.
	 */
	bool extra;
	addr_t network;         /* with length: all addresses and … */
	unsigned int length;    /* … ports (SPAN_ALL) that no other entry is about; 0: one address */
	/* Owned: the addresses that fare like this, if not all do. */
	struct addrrange *hosts;
	size_t nhosts;
	enum family container_family;
	addr_t container;
	addr_t container_more;  /* not 0: or one of as many addresses that follow */
	struct span container_port;
	char bridge[IFNAMSIZ];  /* the interface that leads to the container; empty: unknown */
	struct decider dnat;    /* the rule that translates, if has_dnat */
	bool has_dnat, has_proxy;
	enum answers answers;
	enum openness openness;
	/*
	 * No router on the internet leads to this address: only hosts on the same
	 * link, or in a network that routes to it, can send to it.
	 */
	bool nearby;
	bool allowed;           /* all ways from outside are; with none, a publish section allows any */
	/*
	 * OPEN_ALL if it is open to the world, not just nearby, on a way from outside that
	 * is not allowed; OPEN_MAYBE if it may be; else OPEN_NOBODY.
	 */
	enum openness unallowed;
	struct exposed_way *ways; /* owned */
	size_t nways;
	struct decider by;      /* what decides, see openness */
};

struct exposure_list {
	struct exposure *v; /* owned; sorted by port */
	size_t n, room;
	struct walker walkers[FAMILY_COUNT]; /* own the sets */
	/* Addresses that no one outside has, such as the host's own: they do not count in a set. */
	struct addrset nobody[FAMILY_COUNT];
	bool walked[FAMILY_COUNT];
	const struct ipsets *sets; /* borrowed from the world, or NULL */
	/* The same walkers for what is open apart from the sets that could not be read. */
	struct walker apart[FAMILY_COUNT];
	bool has_apart[FAMILY_COUNT];
	struct ipsets apart_sets; /* borrows all of sets */
};

void exposure_clear(struct exposure_list *list);
/* Frees the ways of one that no list has taken over. */
void exposure_free_ways(struct exposure *exposure);

/*
 * Fills an empty set with the sources that can send there but do not get in. The set
 * stays empty if all of them get in; these are the world only if
 * addrset_is_world(way->open).
 */
void exposure_shut_out(const struct exposure_list *list, enum family family,
		       const struct exposed_way *way, struct addrset *set);

/* Whether any of the ports has a way from outside. */
bool exposure_has_outside(const struct exposure_list *list);
/* How many ports are open to all from outside although no publish section allows that. */
size_t exposure_unallowed(const struct exposure_list *list);
/* How many others may be. */
size_t exposure_undecided(const struct exposure_list *list);

/* Adds the texts of a set to names, made shorter by including addresses that no one has. */
void exposure_texts(const struct exposure_list *list, const struct addrset *set,
		    enum family family, struct strings *names);

#endif
