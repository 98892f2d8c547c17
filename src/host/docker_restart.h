/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_RESTART_H
#define DOCKFW_DOCKER_RESTART_H

#include <stdbool.h>

/*
 * Restarts docker.service; only that brings Docker's own chains back. Never in a loop:
 * without force, not again within an hour of the last restart, which a time stamp in
 * /run/dockfw records.
 */

enum restart {
	RESTART_FAILED = -1, /* reported */
	RESTART_DONE = 0,
	RESTART_TOO_SOON = 1, /* the last restart was within the hour; reported */
};

enum restart docker_restart(bool force);

#endif
