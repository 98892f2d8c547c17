/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_DEPENDS_H
#define DOCKFW_HOST_DEPENDS_H

#include "host_openings.h"

/* Which changes of tables can change whom the host's own firewall lets in. Pure. */

struct host_depends {
	struct strings tables; /* owned, sorted, "ip filter": the known ones … */
	/* … and "ip filter INPUT", "ip filter #7" by its handle: what packets for the host can come to */
	struct strings chains;
	struct strings whole;  /* likewise: tables of which any change counts */
};

/* Fills in depends, which the caller clears; borrows nothing. */
void host_depends_find(const struct host_facts *facts, struct host_depends *depends);
void host_depends_clear(struct host_depends *depends);

/*
 * Whether a change of that chain counts: family is NFPROTO_…, and chain "" is the table itself,
 * or a set in it; itself: the table or the chain was deleted, or the table changed; handle: of a
 * chain that was made or renamed, or 0. A table that was not there counts.
 */
bool host_depends_on(const struct host_depends *depends, int family, const char *table,
		     const char *chain, bool itself, uint64_t handle);

#endif
