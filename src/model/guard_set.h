/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_SET_H
#define DOCKFW_GUARD_SET_H

#include "addrset.h"

/*
 * The guard's sets in nf_tables, named intervals of addresses or ports, and the match of a
 * rule on one of them, which only rules of the guard have. A set's name is made of what is
 * in it: rules that match on sets of one name match on the same. Pure.
 */

/* What of a packet is compared with a set. */
enum guard_field {
	GUARD_FROM, /* its source address */
	GUARD_TO,   /* the address that the connection was first for, before any translation */
	GUARD_PORT, /* likewise the port */
	GUARD_FIELDS,
};

#define GUARD_SET_NAME_MAX 30 /* without the NUL */

struct guard_set {
	char name[GUARD_SET_NAME_MAX + 1];
	enum family family;
	enum guard_field field;
	struct addrset values; /* owned; of GUARD_PORT: numbers of ports */
	/* One in the kernel that holds anything else than such intervals, or is of another kind. */
	bool odd;
};

struct guard_sets {
	struct guard_set **v; /* owned, each as well */
	size_t n, room;
};

/* Adds an empty set with that name, which is cut if it is too long; the set is odd then. */
struct guard_set *guard_sets_add(struct guard_sets *sets, enum family family, const char *name);
struct guard_set *guard_sets_find(const struct guard_sets *sets, const char *name);
/* Returns the set with these values, which is added unless it is there; values is copied. */
const struct guard_set *guard_sets_keep(struct guard_sets *sets, enum family family,
					enum guard_field field, const struct addrset *values);
void guard_sets_clear(struct guard_sets *sets);
/* Whether both have the same sets, in any order. */
bool guard_sets_same(const struct guard_sets *a, const struct guard_sets *b);
/* Whether they are of one kind and hold the same; an odd one is equal to none. */
bool guard_set_equal(const struct guard_set *a, const struct guard_set *b);
struct guard_set *guard_set_copy(const struct guard_set *set);
void guard_set_free(struct guard_set *set); /* NULL is fine */

/* The size of a value in bytes. */
uint32_t guard_field_size(enum guard_field field, enum family family);
/* The highest value. */
addr_t guard_field_max(enum guard_field field, enum family family);

/* Appends the match to a rule. */
void guard_match_add(struct rule *rule, enum guard_field field, const char *set);
bool guard_match_is(const struct ext *ext);
/* Whether ext is such a match; sets field and, to the set's name in ext, name. */
bool guard_match_read(const struct ext *ext, enum guard_field *field, const char **name);

#endif
