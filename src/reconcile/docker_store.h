/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_STORE_H
#define DOCKFW_DOCKER_STORE_H

#include "docker_keep.h"

/*
 * The file in which a watch leaves its copy of Docker's chains for the next watch: it may end
 * while dockerd goes on (an upgrade, a crash), and what is lost meanwhile comes back as well.
 * It is below /run, since it is about processes that run now.
 */

/*
 * Fills in the copy of keep->dockerd, started at keep->started, from the file. If
 * there is none of that process, keep has no copy then. A file that others may have written,
 * or that is not whole, is none; a step says so (diag.h).
 */
void docker_store_read(struct docker_keep *keep);

/* Writes the file whole, or returns -1 after reporting why not. */
int docker_store_write(const struct docker_keep *keep);

#endif
