/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TABLE_EVENTS_H
#define DOCKFW_TABLE_EVENTS_H

#include "ruleset.h"

/*
 * Waiting for a change of the tables. nf_tables tells of every change; of
 * ip_tables nothing can be heard, so there a wait is a short sleep.
 */
struct table_events;

/* Starts to listen; what changes from now on ends a wait. NULL, reported, on failure. */
struct table_events *table_events_open(enum backend_kind kind);
/*
 * Waits for a change, at most ms milliseconds and within the time limit, and takes
 * all that came. Returns 0, also when none came; -1, reported, on failure.
 */
int table_events_wait(struct table_events *events, unsigned int ms);
void table_events_close(struct table_events *events); /* NULL is fine */

#endif
