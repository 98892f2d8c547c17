/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPAIR_H
#define DOCKFW_REPAIR_H

#include <stdint.h>

#include "edit.h"
#include "observe.h"

/* A repair: writes until the tables stay as planned. */
struct repair {
	struct session *session;
	unsigned int wait;  /* seconds to stay while dockerd is still writing; 0: none */
	bool dry_run;       /* plan, but write nothing */
	bool foretell;      /* with dry_run: see also whether it would restart Docker */
	bool force_restart; /* restart Docker for its chains, even soon after the last restart */

	struct state found; /* the state before the first write */
	struct edits edits; /* what the first write wrote, or would write */
	struct edits later; /* what the further writes wrote, on tables that had changed */
	struct state left;  /* the state read after the last write; empty: nothing was written */
	bool written;
	uint64_t written_ms; /* clock_ms() of the first write */
	bool restarted;     /* docker.service was restarted for its chains */
	bool would_restart; /* foretold: it would be */
	bool not_restarted; /* that was tried, and failed */
};

/*
 * Repairs the state in found, which the caller has read. Returns 0, or -1 after
 * reporting why. The caller clears the repair in any case.
 */
int repair_run(struct repair *repair);
/* The state seen last: left, or found. */
struct state *repair_newest(struct repair *repair);
/*
 * The same, or NULL if it is not known what the tables hold now: the last state was not read
 * whole, or is from before a write or a restart.
 */
struct state *repair_left(struct repair *repair);
void repair_clear(struct repair *repair);

#endif
