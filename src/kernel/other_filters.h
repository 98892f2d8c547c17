/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTERS_H
#define DOCKFW_OTHER_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/* What filters packets beside the tables that are followed. */

/* All of them at the input and forward hooks. Returns 0, or -1, said; clear them in any case. */
int other_filters_read(backend_list backends, enum backend_kind followed,
		       struct other_filters *filters);

/*
 * In which families something filters what comes in to the host itself: a base
 * chain at the input hook, of any table of nf_tables (firewalld's too) or the
 * legacy one, that has a rule or drops by its policy. Sets a bit 1U <<
 * FAMILY_… each. Returns 0, or -1, said.
 */
int input_filtered(backend_list backends, unsigned int *families);

#endif
