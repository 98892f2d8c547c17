/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WORLD_READ_H
#define DOCKFW_WORLD_READ_H

#include "ipset.h"
#include "netinfo.h"
#include "other_filter.h"
#include "session.h"

/* Everything that packets meet on their way through this host, as it is at one moment. */
struct read_world {
	struct snapshot *snapshot;
	struct snapshot *guard; /* NULL: the snapshot has the guard's tables */
	struct other_filters others;
	struct netinfo info;
	struct ipsets sets;
};

/* Returns 0, or -1 after reporting why; the caller clears the world in any case. */
int world_read(const struct session *session, struct read_world *world);
void world_clear(struct read_world *world);

#endif
