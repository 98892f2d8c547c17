/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PLAN_CHAIN_H
#define DOCKFW_PLAN_CHAIN_H

#include "chain_diff.h"
#include "edit.h"

/*
 * Adds the edits that turn a chain into its wanted rules, in one pass: positions
 * increase, and inserts keep their order. Inserted rules are marked; one that moves
 * keeps the counters of its live copy. Pure.
 */
void plan_chain_diff(const struct chain_diff *diff, enum family family, const char *table,
		     const char *chain, struct edits *edits);

#endif
