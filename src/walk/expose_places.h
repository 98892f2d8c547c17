/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSE_PLACES_H
#define DOCKFW_EXPOSE_PLACES_H

#include "exposure_run.h"

/*
 * Adds to the list the other destinations at which a port on every address answers, if
 * they let in someone who does not get in at the host's addresses; the entries for those
 * are the last of the list, from number first on. Pure.
 */
void expose_places(struct compute *compute, const struct docker_port *port, size_t first);

#endif
