/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSE_MAPPED_H
#define DOCKFW_EXPOSE_MAPPED_H

#include "direct_ways.h"
#include "exposure_run.h"

/*
 * What gets through to container networks because a rule puts them in the place of another
 * prefix, on the ports that no other entry is about. Returns 0, or -1 if the time is over.
 * Pure, except for that.
 */
int expose_mapped(struct compute *compute, const struct direct_ways *ways);

#endif
