/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_H
#define DOCKFW_EXPOSURE_H

#include "policy.h"
#include "walk.h"

/*
 * Who can reach the published ports: for each, the sources and interfaces from
 * which a new connection gets through, and the rule that decides. Pure, but for the
 * look at the time limit.
 */

/* What takes the connections. */
enum answers {
	ANSWERS_DNAT,   /* the container, behind a translation */
	ANSWERS_PROXY,  /* docker-proxy on the host: INPUT decides, and DOCKER-USER is not asked */
	ANSWERS_BOTH,   /* the one for some sources, the other for others */
	ANSWERS_DIRECT, /* nothing is translated: the container, at its own address */
	ANSWERS_NOBODY, /* the translation never happens, and no docker-proxy listens */
};
/* "dnat", "proxy", "both", "direct", "nobody". */
const char *answers_name(enum answers answers);

enum openness {
	OPEN_NOBODY, /* closed */
	OPEN_SOME,   /* to some sources, or to hosts nearby alone */
	OPEN_MAYBE,  /* it cannot be decided who gets in */
	OPEN_ALL,    /* to the world (addrset_is_world()) from an interface at least */
};
/* "closed", "limited", "maybe", "open". */
const char *openness_name(enum openness openness);

/* Interfaces from outside that fare alike, and how. */
struct exposed_way {
	const struct netif **ifs; /* owned */
	size_t nifs;
	/* Whose packets may come in there, whatever the rules are; of the list's pool. */
	const struct addrset *possible;
	/* Who gets in, and of whom that cannot be decided; of the list's pool. */
	const struct addrset *open, *maybe;
	bool to_container, to_proxy;
	struct decider open_by, closed_by, doubt;
	bool has_open_by, has_closed_by, has_doubt;
};

struct exposure {
	enum family family;
	uint8_t proto;
	struct span port;       /* on the host; of ANSWERS_DIRECT the container's */
	bool any_host;          /* every address of the host */
	addr_t *hosts;          /* owned: those that fare so, where not all do */
	size_t nhosts;
	enum family container_family;
	addr_t container;
	struct span container_port;
	char bridge[IFNAMSIZ];  /* the way to the container; empty: not known */
	struct decider dnat;    /* the rule that translates, where has_dnat */
	bool has_dnat, has_proxy;
	enum answers answers;
	enum openness openness;
	bool maybe_world;       /* of OPEN_MAYBE: perhaps to the world */
	/*
	 * No router of the internet leads to this address: only hosts on the same
	 * link, or in a network that routes to it, can send to it.
	 */
	bool nearby;
	bool allowed;           /* a publish section allows any */
	struct exposed_way *ways; /* owned */
	size_t nways;
	struct decider by;      /* what decides, see openness */
};

struct exposure_list {
	struct exposure *v; /* owned; sorted by port */
	size_t n, room;
	struct walker walkers[FAMILY_COUNT]; /* own the sets */
	/* Addresses that nobody outside has, such as the host's own: of no account in a set. */
	struct addrset nobody[FAMILY_COUNT];
	bool walked[FAMILY_COUNT];
};

/*
 * Fills the list in, for the families given (bits 1U << FAMILY_…). The world must live
 * as long as the list; the policy, or NULL, tells which ports are open on purpose.
 * Returns -1, reported, where the time is over; clear the list in any case.
 */
int exposure_compute(const struct policy *policy, const struct world *world,
		     unsigned int families, struct exposure_list *list);
void exposure_clear(struct exposure_list *list);

/*
 * Who can send there and does not get in; into an empty set. Nobody is left
 * where all do, which is the world only where addrset_is_world(way->open).
 */
void exposure_shut_out(const struct exposure_list *list, enum family family,
		       const struct exposed_way *way, struct addrset *set);

/* How many are open to all, and no publish section allows that. */
size_t exposure_unallowed(const struct exposure_list *list);
/* How many of those not allowed may be open to all. */
size_t exposure_undecided(const struct exposure_list *list);

/* Adds the texts of a set to names, as short as they get by addresses that nobody has. */
void exposure_texts(const struct exposure_list *list, const struct addrset *set,
		    enum family family, struct strings *names);

#endif
