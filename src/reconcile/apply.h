/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_APPLY_H
#define DOCKFW_APPLY_H

#include "edit.h"
#include "observe.h"

/*
 * Mends the tables: reads, plans and commits in one session of the backend, again
 * where others wrote in between. base is what was there at the moment of the write,
 * edits what was written, nothing where there was nothing to do; the caller clears
 * both. Returns 0, or -1, said.
 */
int apply_plan(const struct session *session, struct state *base, struct edits *edits);

/*
 * The same on a state that was just read, where its backend can tell that nothing
 * has changed since: nf_tables by the generation, ip_tables not. Returns 1 where it
 * has, or cannot be told: nothing was written, and apply_plan() is to be called.
 */
int apply_seen(const struct session *session, const struct state *seen, const struct edits *edits);

#endif
