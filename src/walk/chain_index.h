/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_INDEX_H
#define DOCKFW_CHAIN_INDEX_H

#include "match.h"
#include "other_filter.h"
#include "ruleset.h"
#include "target.h"

/*
 * The chains of one family, prepared for walks: what each rule does, where it jumps
 * to, which sources it matches. Long chains have an index, so that a packet is compared
 * only with the rules that its addresses and ports can match.
 */

struct indexed_rule {
	struct ready_rule ready;
	const struct other_rule *native; /* of nf_tables; NULL: ready.rule is the rule */
	size_t number; /* in its chain, from 1; those that were read of one rule share it */
	enum effect effect;
	bool relays;   /* see target_relays() */
	struct indexed_chain *to; /* of EFFECT_JUMP and EFFECT_GOTO; NULL: unknown */
};

/* A rule that matches only one value of a key. */
struct chain_key {
	addr_t value;
	uint32_t rule;
};

struct chain_keys {
	struct chain_key *v; /* sorted */
	size_t n, room;
};

enum chain_key_kind { KEY_DST, KEY_DPORT, KEY_ORIG_DPORT, KEY_NONE, KEY_KINDS };

struct indexed_chain {
	const struct chain *chain;
	const char *table; /* of the snapshot */
	bool filter;       /* in table filter, or Docker's own, whose verdict decides */
	bool other;        /* of a table that is not iptables', or of the other backend */
	bool nat;
	bool alters;       /* it, or a chain that it jumps to, may change a packet */
	bool known;        /* its rules were read */
	size_t jumps;      /* the rules that jump to it */
	struct indexed_rule *v;
	size_t n;
	bool keyed; /* keys is filled in */
	struct chain_keys keys[KEY_KINDS];
};

struct indexed_table {
	const struct table *table;
	struct indexed_chain *chains; /* in the order of table->chains */
};

struct chain_index {
	enum family family;
	bool marks_matter; /* a rule matches on a mark, or routing does */
	const struct netinfo *info;
	const struct ipsets *sets; /* borrowed, or NULL */
	struct indexed_table *tables;
	size_t n;
	const struct other_filters *filters; /* the others: borrowed, or NULL */
	/* Their chains, in their order, and what stands for each as a chain. Owned. */
	struct indexed_chain *others;
	struct chain *other_chains;
	size_t nothers;
};

/*
 * Indexes the tables of that family in snapshot and, unless it is NULL, in guard, which
 * has others, and the chains of other filters. guard, sets and others may be NULL. Borrows all
 * of them.
 */
void chain_index_make(struct chain_index *index, const struct snapshot *snapshot,
		      const struct snapshot *guard, const struct other_filters *others,
		      const struct ipsets *sets, const struct netinfo *info, enum family family);
void chain_index_clear(struct chain_index *index);
/* Returns the chain, or NULL. */
struct indexed_chain *chain_index_find(const struct chain_index *index, const char *table,
				       const char *chain);

/* Goes through the rules that a packet can match, by their index in the chain, in order. */
struct chain_cursor {
	const struct indexed_chain *indexed;
	bool all;
	size_t next; /* if all */
	const struct chain_key *at[KEY_KINDS], *end[KEY_KINDS];
};
/* all: every rule, even if it cannot match. */
void chain_cursor_start(struct chain_cursor *cursor, const struct indexed_chain *indexed,
			const struct packet *packet, bool all);
/* Returns false after the last rule. */
bool chain_cursor_next(struct chain_cursor *cursor, size_t *rule);
/*
 * Every rule after this one comes next, unless the index would choose the same rules for packet
 * as for old, with which the cursor was started.
 */
void chain_cursor_changed(struct chain_cursor *cursor, size_t rule, const struct packet *old,
			  const struct packet *packet);

#endif
