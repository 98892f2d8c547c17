/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_RESTART_H
#define DOCKFW_DOCKER_RESTART_H

#include <stdbool.h>

/*
 * Restarting docker.service, which alone brings Docker's own chains back.
 * Never in a loop: without force not again within the hour, which a stamp in
 * /run/dockfw remembers.
 */

enum restart {
	RESTART_FAILED = -1, /* said */
	RESTART_DONE = 0,
	RESTART_TOO_SOON = 1, /* said: the last one was within the hour */
};

enum restart docker_restart(bool force);

#endif
