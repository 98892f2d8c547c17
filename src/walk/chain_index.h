/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_INDEX_H
#define DOCKFW_CHAIN_INDEX_H

#include "match.h"
#include "ruleset.h"
#include "target.h"

/*
 * The chains of one family made ready to be walked: what each rule does, where
 * it leads, which sources it holds for; and for long chains an index, so that
 * a packet is asked only about the rules that its addresses and ports allow.
 */

struct link {
	struct ready_rule ready;
	enum effect effect;
	struct links *to; /* of EFFECT_JUMP and EFFECT_GOTO; NULL: not known */
};

/* Rules that hold for one value of a key. */
struct link_key {
	addr_t value;
	uint32_t rule;
};

struct link_index {
	struct link_key *v; /* sorted */
	size_t n, room;
};

enum link_by { BY_DST, BY_DPORT, BY_ORIG_DPORT, BY_NOTHING, LINK_KEYS };

struct links {
	const struct chain *chain;
	const char *table; /* of the snapshot */
	bool filter;       /* in the table filter, whose verdict decides */
	bool nat;
	bool alters;       /* it, or a chain that it calls, may change a packet */
	bool known;        /* its rules were read */
	struct link *v;
	size_t n;
	bool indexed;
	struct link_index by[LINK_KEYS];
};

struct link_table {
	const struct table *table;
	struct links *chains; /* in the order of the table's own */
};

struct link_set {
	enum family family;
	const struct netinfo *info;
	struct link_table *tables;
	size_t n;
};

/* Of the snapshot's tables of that family; borrows snapshot and info. */
void link_set_make(struct link_set *set, const struct snapshot *snapshot,
		   const struct netinfo *info, enum family family);
void link_set_clear(struct link_set *set);
/* The chain, or NULL. */
struct links *link_set_find(const struct link_set *set, const char *table, const char *chain);

/* The rules of a chain that a packet can match, by their index, in order. */
struct cursor {
	const struct links *links;
	bool all;
	size_t next; /* where all */
	const struct link_key *at[LINK_KEYS], *end[LINK_KEYS];
};
/* all: every rule, though some cannot match. */
void cursor_start(struct cursor *cursor, const struct links *links, const struct packet *packet,
		  bool all);
bool cursor_next(struct cursor *cursor, size_t *rule);

#endif
