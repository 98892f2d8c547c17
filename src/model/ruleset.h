/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULESET_H
#define DOCKFW_RULESET_H

#include "rule.h"

/*
 * A snapshot of the kernel's tables, as far as they were read. No I/O. Both
 * backends give the same snapshot for the same iptables commands.
 */

enum backend_kind { BACKEND_NFT, BACKEND_LEGACY, BACKEND_KINDS };
const char *backend_kind_name(enum backend_kind kind); /* "nft", "legacy" */

struct chain {
	char *name;
	bool builtin; /* one of iptables' own in this table, hooked as it hooks it: FORWARD, … */
	/*
	 * A base chain that iptables does not know (another hook, priority or
	 * name), though it filters packets: it has no policy here.
	 */
	bool foreign_base;
	enum verdict policy; /* of a builtin chain: ACCEPT or DROP */
	bool loaded;         /* rules were read */
	struct rule **rules; /* owned */
	size_t nrules, room;
};

struct table {
	enum family family;
	char *name; /* "filter", "nat" */
	bool dormant; /* nf_tables: none of its chains is hooked, so none is builtin */
	struct chain **chains; /* owned, sorted by name once table_sort() ran */
	size_t nchains, room;
};

struct snapshot {
	enum backend_kind backend;
	uint32_t generation; /* of nf_tables, when it was read */
	struct table **tables; /* owned */
	size_t ntables, room;
};

struct snapshot *snapshot_new(enum backend_kind backend);
void snapshot_free(struct snapshot *snapshot);

/* The table, or NULL where the kernel has none. */
struct table *snapshot_table(const struct snapshot *snapshot, enum family family, const char *name);
struct table *snapshot_add_table(struct snapshot *snapshot, enum family family, const char *name);

/* Adds a chain; call table_sort() behind the last one, before any look-up. */
struct chain *table_add_chain(struct table *table, const char *name);
void table_sort(struct table *table);
/* The chain, or NULL; a NULL table has none. */
struct chain *table_chain(const struct table *table, const char *name);

/* Its place in the table's list; nchains where there is none. */
size_t table_index(const struct table *table, const char *name);

/* Takes over the rule. */
void chain_add_rule(struct chain *chain, struct rule *rule);

/* Whether two snapshots hold the same rules in the same order; opaque rules
 * are the same where their handles and reasons are. Counters do not count. */
bool snapshot_same(const struct snapshot *a, const struct snapshot *b);

#endif
