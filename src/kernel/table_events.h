/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TABLE_EVENTS_H
#define DOCKFW_TABLE_EVENTS_H

#include "ruleset.h"

/*
 * Waiting for a change of the tables. nf_tables reports every change; ip_tables
 * reports none, so there a wait is a short sleep.
 */
struct table_events;

/* Starts to listen; any change from now on ends a wait. Returns NULL after reporting why. */
struct table_events *table_events_open(enum backend_kind kind);
/*
 * Waits for a change, at most ms milliseconds and within the time limit, and consumes
 * all that arrived. Returns 0, even if none arrived, or -1 after reporting why.
 */
int table_events_wait(struct table_events *events, unsigned int ms);
void table_events_close(struct table_events *events); /* NULL is fine */

#endif
