/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SETS_H
#define DOCKFW_SETS_H

#include "ipset.h"
#include "other_filter.h"
#include "ruleset.h"

/*
 * Reads ipset's sets that the rules of the snapshots (guard may be NULL) and of the others match
 * on, with the members that they have at that moment. A set that cannot be read, one with too
 * many members, and one that a rule of any of them changes (-j SET) is SET_UNKNOWN. Returns 0, or -1 after
 * reporting that the time is over; the caller clears the sets in any case. Those of the
 * guard are borrowed from the snapshot that has its table.
 */
int sets_read(const struct snapshot *snapshot, const struct snapshot *guard,
	      const struct other_filters *others, struct ipsets *sets);

#endif
