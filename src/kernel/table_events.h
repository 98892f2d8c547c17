/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TABLE_EVENTS_H
#define DOCKFW_TABLE_EVENTS_H

#include "ruleset.h"

/*
 * Waiting for a change of the tables. nf_tables tells of every change; of
 * ip_tables nothing can be heard, so there a wait is a short sleep.
 */
struct watch;

/* Starts to listen; what changes from now on ends a wait. NULL, said, on failure. */
struct watch *watch_open(enum backend_kind kind);
/*
 * Waits for a change, at most ms, and takes all that came. Returns 0, also
 * when none came; -1, said, on failure.
 */
int watch_wait(struct watch *watch, unsigned int ms);
void watch_close(struct watch *watch); /* NULL is fine */

#endif
