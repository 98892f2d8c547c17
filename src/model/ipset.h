/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_IPSET_H
#define DOCKFW_IPSET_H

#include "guard_set.h"
#include "proto.h"

/* ipset's sets, as far as rules refer to them: pure data; kernel/sets.h reads them. */

/* A member of a set with ports. */
struct ipset_member {
	uint8_t proto; /* 0: every protocol with ports */
	struct span port;
	addr_t lo, hi;       /* addresses; unused for SET_PORTS */
	unsigned int length; /* of the prefix: the longest one decides … */
	bool nomatch;        /* … and may say no */
};

struct ipset {
	uint16_t index; /* by which rules refer to it */
	char *name;     /* owned */
	enum {
		SET_UNKNOWN,       /* not read, or of a type that is not known here */
		SET_ADDRESSES,     /* hash:ip, hash:net, bitmap:ip, and lists of them */
		SET_ADDRESS_PORTS, /* hash:ip,port and hash:net,port */
		SET_PORTS,         /* bitmap:port */
	} kind;
	bool has_family[FAMILY_COUNT]; /* packets of others are in no case members */
	struct addrset members[FAMILY_COUNT]; /* for SET_ADDRESSES */
	struct ipset_member *v; /* owned; while it is filled in, and for the other kinds */
	size_t n, room;
	/* What ipset_at() found last, for each family: many ports of a host have the same one inside. */
	struct ipset_found *found; /* owned; NULL for the other kinds */
};

struct ipsets {
	struct ipset **v; /* owned, each as well */
	size_t n, room;
	/* A set that could not be read counts as empty: to see what is open apart from it. */
	bool unknown_empty;
	/* The sets of the guard's rules; borrowed. NULL: none were read. */
	const struct guard_sets *guard[FAMILY_COUNT];
};

/* Adds a set; takes over nothing. Valid as long as the list. */
struct ipset *ipsets_add(struct ipsets *sets, uint16_t index, const char *name);
const struct ipset *ipsets_find(const struct ipsets *sets, uint16_t index);
void ipsets_clear(struct ipsets *sets);

/* Adds to an empty v. */
void ipset_add(struct ipset *set, const struct ipset_member *member);
/* Call after the last member: makes members of v, or sorts v. */
void ipset_finish(struct ipset *set, enum family family);
/* Forgets all members: the set is SET_UNKNOWN. */
void ipset_forget(struct ipset *set);

/*
 * For SET_ADDRESS_PORTS: fills an empty set with the addresses that are members with that
 * protocol and port.
 */
void ipset_at(const struct ipset *set, enum family family, uint8_t proto, uint16_t port,
	      struct addrset *addresses);
/* Whether it has any member with that protocol and a port in the span. */
bool ipset_any_in(const struct ipset *set, uint8_t proto, struct span ports);

#endif
