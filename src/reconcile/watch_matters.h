/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_MATTERS_H
#define DOCKFW_WATCH_MATTERS_H

#include "observe.h"
#include "table_change.h"

/* Which changes a watch is interested in, decided by the announcement itself. */

/* A change of a chain; of a table or a set in it, if that is "". */
struct change_of {
	int family; /* NFPROTO_… */
	const char *table, *chain;
	bool itself; /* the chain or the table was deleted, or the table changed, perhaps */
	uint64_t handle; /* of a chain that was made or changed; else 0 */
};

/* Whether a repair or a check depends on it: on what the last one has read. */
bool watch_matters(const struct policy *policy, const struct state *last, const struct change_of *of);
/* Whether it may have changed something of Docker's own that is kept. */
bool watch_is_of_docker(const struct change_of *of);

#endif
