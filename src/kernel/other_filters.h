/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTERS_H
#define DOCKFW_OTHER_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/* Filters outside the tables that are followed; the guard's table always is. */

/*
 * Reads all of them at the input and forward hooks. Returns 0, or -1 after reporting why;
 * the caller clears them in either case.
 */
int other_filters_read(backend_list backends, enum backend_kind followed,
		       struct other_filters *filters);

/*
 * Determines the families in which something filters packets to the host itself:
 * a base chain at the input hook, in any nf_tables table (including firewalld's, not
 * the guard's) or the legacy one, that has a rule or whose policy drops. Sets a bit 1U <<
 * FAMILY_… for each. Returns 0, or -1 after reporting why.
 */
int input_filtered(backend_list backends, unsigned int *families);

#endif
