/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULESET_H
#define DOCKFW_RULESET_H

#include "guard_set.h"

/*
 * A snapshot of the kernel's tables, as far as they have been read. No I/O. Both
 * backends produce the same snapshot for the same iptables commands.
 */

enum backend_kind { BACKEND_NFT, BACKEND_LEGACY, BACKEND_KINDS };
const char *backend_kind_name(enum backend_kind kind); /* "nft", "legacy" */

struct chain {
	char *name;
	/* A builtin chain of iptables or of the guard, hooked as that one does it: FORWARD, … */
	bool builtin;
	/*
	 * A base chain that iptables does not know (another hook, priority or name) but
	 * that filters packets. It has no policy here.
	 */
	bool foreign_base;
	enum verdict policy; /* of a builtin chain: ACCEPT or DROP */
	/*
	 * nf_tables: its rules, and all that leads to it: rules, elements of verdict maps. The
	 * kernel deletes no chain before that is 0. Here 0 if it is not known.
	 */
	uint32_t uses;
	uint64_t handle;     /* nf_tables: stays if it is renamed; 0: not known */
	bool loaded;         /* its rules have been read */
	struct rule **rules; /* owned */
	size_t nrules, room;
};

struct table {
	enum family family;
	char *name; /* "filter", "nat" */
	bool dormant; /* nf_tables: none of its chains is hooked, so none is builtin */
	/*
	 * nf_tables: only its owner, a socket, can change the table: this process's, or
	 * another one's.
	 */
	bool own, owned;
	bool marked;  /* nf_tables: the table's comment is the mark, RULE_MARK */
	/* nf_tables: how many chains, sets and other objects it has. */
	uint32_t objects;
	struct guard_sets sets; /* of the guard's table; the others' are not read */
	struct chain **chains; /* owned, sorted by name after table_sort() */
	size_t nchains, room;
};

struct snapshot {
	enum backend_kind backend;
	uint32_t generation; /* of nf_tables at the time of reading */
	bool absent; /* the kernel does not have this backend at all */
	struct table **tables; /* owned */
	size_t ntables, room;
};

struct snapshot *snapshot_new(enum backend_kind backend);
void snapshot_free(struct snapshot *snapshot);

/* The table, or NULL if the kernel does not have it. */
struct table *snapshot_table(const struct snapshot *snapshot, enum family family, const char *name);
struct table *snapshot_add_table(struct snapshot *snapshot, enum family family, const char *name);

/* Adds copies of the tables with that name to another snapshot, which has none of it. */
void snapshot_copy_tables(struct snapshot *to, const struct snapshot *from, const char *name);

/* Adds a chain; call table_sort() after the last one, before any lookup. */
struct chain *table_add_chain(struct table *table, const char *name);
void table_sort(struct table *table);
/* The chain, or NULL; a NULL table has none. */
struct chain *table_chain(const struct table *table, const char *name);

/* The chain with that handle, or NULL, also for 0. */
struct chain *table_chain_with(const struct table *table, uint64_t handle);

/* The index of the chain in the table's list, or nchains. */
size_t table_index(const struct table *table, const char *name);

/* Takes ownership of rule. */
void chain_add_rule(struct chain *chain, struct rule *rule);

/*
 * Whether two snapshots hold the same rules in the same order. Opaque rules are the
 * same if their handles and reasons are. Counters are ignored.
 */
bool snapshot_same(const struct snapshot *a, const struct snapshot *b);

#endif
