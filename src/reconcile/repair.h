/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPAIR_H
#define DOCKFW_REPAIR_H

#include "edit.h"
#include "observe.h"

/* Writing until it stays: the rounds of a repair, and what they met. */
struct repair {
	struct session *session;
	unsigned int wait;  /* seconds to stay with a dockerd that is still writing; 0: none */
	bool dry_run;       /* plan, and write nothing */
	bool force_restart; /* of Docker for its chains, even soon after the last one */

	struct state found; /* what was there before the first write */
	struct edits edits; /* what that wrote, or would write */
	struct state left;  /* what was read after the last write; empty: nothing was written */
	bool written;
	bool restarted;     /* docker.service, for its chains */
};

/*
 * Mends what found, which the caller has read, lacks. Returns 0, or -1, said. The
 * caller clears the repair in any case.
 */
int repair_run(struct repair *repair);
/* What was seen last: left, or found. */
struct state *repair_newest(struct repair *repair);
void repair_clear(struct repair *repair);

#endif
