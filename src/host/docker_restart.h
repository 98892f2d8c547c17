/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_RESTART_H
#define DOCKFW_DOCKER_RESTART_H

#include <stdbool.h>

/*
 * Restarts docker.service; only that brings Docker's own chains back. Never in a loop:
 * without force, not again within an hour of the last restart, which a time stamp in
 * /run/dockfw records: a file that is empty until the restart has ended well. One that failed
 * leaves none. One whose end was not seen, since the time limit or a signal ended this program,
 * counts only while systemd may still be at it: until the unit is in the state failed.
 *
 * Only root can do that. For any other user, as in the units, dockfw-restart.service
 * does it: RESTART_REQUEST is created, and the restart is over once it is gone. That
 * service keeps the stamp and the hour, whatever force says.
 */

enum restart {
	RESTART_FAILED = -1, /* reported */
	RESTART_DONE = 0,
	RESTART_TOO_SOON = 1, /* one was within the hour, or may not have ended yet; reported */
};

enum restart docker_restart(bool force);
/* Whether it would restart it now; if not, why is reported. */
bool docker_restart_may(bool force);

#endif
