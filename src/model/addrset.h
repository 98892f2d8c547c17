/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ADDRSET_H
#define DOCKFW_ADDRSET_H

#include <netinet/in.h>

#include "rule.h"
#include "util.h"

/*
 * Sets of addresses as sorted intervals that neither overlap nor touch. One
 * kind holds both families: an IPv4 address is a number up to 2^32 - 1.
 */

typedef unsigned __int128 addr_t;

/* The highest address of the family. */
addr_t addr_max(enum family family);
/* From and to the bytes of struct address. */
addr_t addr_load(enum family family, const void *bytes);
void addr_store(enum family family, addr_t addr, void *bytes);
/* Whether they are equal in the bits of the mask. */
static inline bool addr_masked_equal(addr_t a, addr_t b, addr_t mask)
{
	return !((a ^ b) & mask);
}
/* Writes the address as text; returns text. */
char *addr_text(enum family family, addr_t addr, char text[INET6_ADDRSTRLEN]);
/* Reads "192.0.2.1" or "2001:db8::1"; false where it is neither. */
bool addr_parse(const char *text, enum family *family, addr_t *addr);

struct addrrange {
	addr_t lo, hi; /* both belong to it */
};

struct addrset {
	struct addrrange *v; /* owned */
	size_t n, room;
};

void addrset_clear(struct addrset *set);
void addrset_all(struct addrset *set, enum family family); /* of an empty set */
void addrset_copy(struct addrset *to, const struct addrset *from);
/* Adds every address from lo to hi. */
void addrset_add(struct addrset *set, addr_t lo, addr_t hi);

void addrset_unite(struct addrset *set, const struct addrset *with);
void addrset_intersect(struct addrset *set, const struct addrset *with);
void addrset_subtract(struct addrset *set, const struct addrset *what);
/* Turns it into what it does not hold of the family. */
void addrset_complement(struct addrset *set, enum family family);
/*
 * Adds the addresses that equal addr in the bits of mask. Returns false, and
 * adds nothing, where a mask with holes would give too many intervals.
 */
bool addrset_add_masked(struct addrset *set, enum family family, addr_t addr, addr_t mask);

bool addrset_has(const struct addrset *set, addr_t addr);
bool addrset_equal(const struct addrset *a, const struct addrset *b);
/* One address and no other. */
bool addrset_is_one(const struct addrset *set);
/* How many addresses, as far as a double tells. */
double addrset_size(const struct addrset *set);
uint64_t addrset_hash(const struct addrset *set);
/*
 * Open to the world: holds at least half of all addresses that are routed
 * (IPv4: all, IPv6: 2000::/3), so that a few banned ones change nothing.
 */
bool addrset_is_world(const struct addrset *set, enum family family);

/*
 * Adds those of spare that make the texts of the set fewer or simpler: what is
 * between two of its intervals, or what makes one a prefix.
 */
void addrset_fill(struct addrset *set, enum family family, const struct addrset *spare);
/* Adds the shortest texts to the list: "192.0.2.1", "192.0.2.0/24", "a-b". */
void addrset_texts(const struct addrset *set, enum family family, struct strings *list);

/*
 * Equal sets are kept once: for results that many ports share. What it gives
 * lives until the pool is cleared.
 */
struct addrpool {
	struct addrset **v;
	size_t n, room; /* room: a power of two */
};

/* The pool's own copy of set. */
const struct addrset *addrpool_keep(struct addrpool *pool, const struct addrset *set);
void addrpool_clear(struct addrpool *pool);

#endif
