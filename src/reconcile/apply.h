/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_APPLY_H
#define DOCKFW_APPLY_H

#include "edit.h"
#include "observe.h"

/*
 * Repairs the tables: reads, plans and commits in one session of the backend, and
 * starts over if others wrote in between. Sets base to the state at the moment of the
 * write and edits to what was written, which is empty if there was nothing to do; the
 * caller clears both. Returns 0, or -1 after reporting why.
 */
int apply_plan(const struct session *session, struct state *base, struct edits *edits);

/*
 * Applies edits to a state that was just read, if the backend can detect that nothing
 * has changed since: nf_tables by the generation, ip_tables not. Returns 1 if something
 * has changed or that is not known: nothing was written, and the caller must use
 * apply_plan().
 */
int apply_seen(const struct session *session, const struct state *seen, const struct edits *edits);

#endif
