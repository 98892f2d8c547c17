/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPLIT_FACTS_H
#define DOCKFW_SPLIT_FACTS_H

#include "backend.h"
#include "netinfo.h"
#include "session.h"
#include "split_decides.h"

/*
 * The host's network and the names of Docker's bridges. They are read only if the backend that
 * Docker does not use refuses forwarded packets, which few hosts have.
 */
struct split_known {
	struct netinfo net;
	bool has_net;
	struct snapshot *docker; /* owned, or NULL */
};

/*
 * Reads them if check_split() needs them for the two snapshots. backend is the session's, if it
 * is open; NULL: not. Returns 0, or -1 after reporting why.
 */
int split_known_read(const struct session *session, struct backend *backend,
		     const struct snapshot *snapshot, const struct snapshot *other,
		     struct split_known *known);
/* The same as check_split() takes it; borrows. */
struct split_facts split_known_facts(const struct split_known *known);
void split_known_clear(struct split_known *known);

#endif
