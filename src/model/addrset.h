/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ADDRSET_H
#define DOCKFW_ADDRSET_H

#include <netinet/in.h>

#include "addrset_shared.h"

/*
 * What is done with addresses and sets of them; addrset_shared.h has the sets themselves.
 */

/* The highest address of the family. */
addr_t addr_max(enum family family);
/* Convert from and to the bytes of struct address. */
addr_t addr_load(enum family family, const void *bytes);
void addr_store(enum family family, addr_t addr, void *bytes);
/* Whether a and b are equal in the bits of mask. */
static inline bool addr_masked_equal(addr_t a, addr_t b, addr_t mask)
{
	return !((a ^ b) & mask);
}
/* Writes the address as text; returns text. */
char *addr_text(enum family family, addr_t addr, char text[INET6_ADDRSTRLEN]);
/* Parses "192.0.2.1" or "2001:db8::1"; returns false if it is neither. */
bool addr_parse(const char *text, enum family *family, addr_t *addr);

/* Shares the intervals with equal sets, if there are many. For one that is copied often. */
void addrset_share(struct addrset *set);
/* Frees what is kept of earlier computations with large sets. */
void addrset_forget(void);
void addrset_all(struct addrset *set, enum family family); /* set must be empty */
/* Adds every address from lo to hi. */
void addrset_add(struct addrset *set, addr_t lo, addr_t hi);

void addrset_unite(struct addrset *set, const struct addrset *with);
void addrset_intersect(struct addrset *set, const struct addrset *with);
void addrset_subtract(struct addrset *set, const struct addrset *what);
/* Replaces the set by all other addresses of the family. */
void addrset_complement(struct addrset *set, enum family family);
/*
 * Adds the addresses that equal addr in the bits of mask. Returns false and adds
 * nothing if a mask with holes would give too many intervals.
 */
bool addrset_add_masked(struct addrset *set, enum family family, addr_t addr, addr_t mask);

/* The index of the first interval that ends at addr or after it; the number of them: none does. */
size_t addrset_find(const struct addrset *set, addr_t addr);
bool addrset_has(const struct addrset *set, addr_t addr);
/* Whether it holds exactly one address. */
bool addrset_is_one(const struct addrset *set);
/* The number of addresses, to the precision of a double. */
double addrset_size(const struct addrset *set);
uint64_t addrset_hash(const struct addrset *set);
/*
 * Whether it counts as the whole world: it holds at least half of all routed addresses
 * (IPv4: all, IPv6: 2000::/3), so that a few banned ones do not matter.
 */
bool addrset_is_world(const struct addrset *set, enum family family);

/*
 * Adds those intervals of spare that make the texts of the set fewer or simpler: the
 * gap between two of its intervals, or the rest of a prefix.
 */
void addrset_fill(struct addrset *set, enum family family, const struct addrset *spare);
/* Appends the shortest texts to the list: "192.0.2.1", "192.0.2.0/24", "a-b". */
void addrset_texts(const struct addrset *set, enum family family, struct strings *list);

/* The shortest text of one interval; the caller frees it. */
char *addrrange_text(enum family family, struct addrrange range);

/*
 * Keeps equal sets only once, since many ports share a result. The sets are valid
 * until the pool is cleared.
 */
struct addrpool {
	struct addrset **v;
	size_t n, room; /* room: a power of two */
};

/* Returns the pool's copy of set. */
const struct addrset *addrpool_keep(struct addrpool *pool, const struct addrset *set);
void addrpool_clear(struct addrpool *pool);

#endif
