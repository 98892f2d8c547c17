/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTERS_H
#define DOCKFW_OTHER_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/*
 * Filters outside the tables that are followed; the guard's table always is. And what the
 * opaque rules of the followed tables can do.
 */

/*
 * Reads all of them that a packet from outside may meet, at any hook; followed is the snapshot
 * of the tables that are. Returns 0, or -1 after reporting why; the caller clears them in either
 * case.
 */
int other_filters_read(backend_list backends, const struct snapshot *followed,
		       struct other_filters *filters);

#endif
