/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_TABLE_H
#define DOCKFW_LEGACY_TABLE_H

#include "edit.h"
#include "iptc.h"
#include "ruleset.h"

/*
 * One table of ip_tables as it was fetched from the kernel: what it holds, and edits of this
 * copy. Nothing here writes to the kernel.
 */

struct fetched {
	enum family family;
	char *name; /* owned */
	struct xtc_handle *handle;
};

static inline const struct iptc *iptc_of(const struct fetched *table)
{
	return &iptc_families[table->family];
}

/* Adds all chains of the table to an empty one, sorted, without their rules. */
void fetched_chains(const struct fetched *from, struct table *to);
/* Adds the rules of the chain, which the table must have. */
void fetched_rules(const struct fetched *from, struct chain *to);
/* Copies the whole table, for a comparison. The caller frees it. */
struct snapshot *fetched_copy(const struct fetched *from);

/*
 * Applies an edit to the fetched table, not to the kernel. Returns 0, or -1 after reporting
 * why it cannot.
 */
int fetched_apply(const struct fetched *table, const struct edit *edit);
/*
 * Keeps the counters of the policies as they were fetched; see the function. Returns 0, or -1
 * after reporting why it cannot.
 */
int fetched_keep_policies(const struct fetched *table);

#endif
