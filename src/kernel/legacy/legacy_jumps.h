/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_JUMPS_H
#define DOCKFW_LEGACY_JUMPS_H

#include "edit.h"

/*
 * The jumps and gotos between the chains of a table of ip_tables, with those that edits insert
 * and without those that they delete: from which hooks packets come to a chain, and which jump
 * would close a loop. What unconditional rules keep packets from is not considered: a chain may
 * count as reached although it is not. No I/O.
 */

struct jumps;

/*
 * live is the whole table as it is, or NULL: it has only its builtin chains. Both it and the
 * edits must stay as long as what is returned, which the caller frees.
 */
struct jumps *jumps_new(const struct table *live, enum family family, const char *table,
			const struct edits *edits);
void jumps_free(struct jumps *jumps); /* NULL is fine */

/* The hooks, bits 1U << NF_INET_…, from which packets come to the chain once all edits are made. */
unsigned int jumps_hooks(const struct jumps *jumps, const char *chain);

/*
 * Adds a jump of an edit to those that are in force. Returns false, and adds nothing, if packets
 * of some hook would go round in a loop then: the kernel refuses that.
 */
bool jumps_add(struct jumps *jumps, const char *from, const char *to);

/*
 * Among the hooks of the chain from, those that lead to the chain only through new jumps, if
 * a jump from one to the chain to leads there; else 0.
 */
unsigned int jumps_new_hooks(struct jumps *jumps, const char *from, const char *to,
			     const char *chain);

#endif
