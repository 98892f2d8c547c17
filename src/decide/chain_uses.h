/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_USES_H
#define DOCKFW_CHAIN_USES_H

#include "ruleset.h"

/*
 * For each chain of the table, how often something leads to it that is not a jump or goto of a
 * rule: an element of a verdict map of nftables, also of one within a rule. 0 if that is not
 * known; of a chain that has not been read its rules count as well. Pure. The caller frees it.
 */
size_t *chain_uses_by_maps(const struct table *table);

#endif
