/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CHECK_H
#define DOCKFW_CMD_CHECK_H

#include "options.h"
#include "repair.h"

/* --check and --repair: reads and checks the tables, repairs them with --repair, and reports. */
int cmd_check(const struct options *options);

/* What --try adds to a repair. */
struct check_hold {
	/* Before the first write, with the state that was found: -1 after reporting why not to write. */
	int (*before)(struct session *session, const struct state *found, void *data);
	/*
	 * After the report, with its status: returns the status of the run. The configuration
	 * is stored as the last good one only if keep is set.
	 */
	int (*after)(struct session *session, struct repair *repair, int status, bool *keep,
		     void *data);
	void *data;
};
/* A repair that is held in that way. */
int cmd_check_held(const struct options *options, const struct check_hold *hold);

#endif
