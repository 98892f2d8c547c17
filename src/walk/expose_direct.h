/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSE_DIRECT_H
#define DOCKFW_EXPOSE_DIRECT_H

#include "exposure_run.h"

/*
 * Adds to the list what gets through to the containers' own addresses on ports that
 * nobody publishes: an entry for each network, and for each part of it that fares
 * otherwise. Returns 0, or -1 after reporting that the time is over. Pure, except for
 * that.
 */
int expose_direct(struct compute *compute, unsigned int families);

#endif
