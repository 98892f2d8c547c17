/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ADDRSET_SHARED_H
#define DOCKFW_ADDRSET_SHARED_H

#include "rule.h"
#include "util.h"

/*
 * Sets of addresses as sorted intervals that neither overlap nor touch. One type
 * serves both families: an IPv4 address is a number up to 2^32 - 1.
 *
 * Large sets are kept only once, however many copies there are, and what was computed of them is
 * computed only once: the packets to each of many ports meet the same sets. Not for several
 * threads.
 */

typedef unsigned __int128 addr_t;

struct addrrange {
	addr_t lo, hi; /* inclusive */
};

struct addrset {
	struct addrrange *v; /* owned, or of a large set, shared */
	size_t n, room;
};

void addrset_clear(struct addrset *set);
void addrset_copy(struct addrset *to, const struct addrset *from);
bool addrset_equal(const struct addrset *a, const struct addrset *b);

/* Sets with fewer intervals are not shared: each copy has its own. */
#define SHARED_MIN 256
/* The room of a set whose intervals are shared, and must not be written. */
#define SHARED_ROOM SIZE_MAX

static inline bool addrset_is_shared(const struct addrset *set)
{
	return set->room == SHARED_ROOM;
}

/* Takes over the intervals of a set that is not shared. */
void shared_take(struct addrset *set);
/* Replaces shared intervals by an own copy. */
void shared_own(struct addrset *set);

uint64_t shared_hash(const struct addrset *set);
/* Of a shared set: what compute() returns, which is called once. */
double shared_size(const struct addrset *set, double (*compute)(const struct addrset *set));
bool shared_is_world(const struct addrset *set, enum family family,
		     bool (*compute)(const struct addrset *set, enum family family));

/*
 * Does to the set what compute() does, unless it is known what becomes of it. One of the two
 * should be large. The functions that compute() may be are told apart by their addresses.
 */
typedef void shared_change(struct addrset *set, const struct addrset *with);
void shared_compute(struct addrset *set, const struct addrset *with, shared_change *compute);

/* Frees what is kept for the case that it is computed again. */
void shared_forget(void);

#endif
