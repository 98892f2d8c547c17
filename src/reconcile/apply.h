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
 *
 * With nf_tables, DOCKER-USER and the guard are one batch. With ip_tables, the guard
 * follows. If the kernel refuses the guard, the rest is still written, and
 * session->guard_refused is set after reporting why.
 */
int apply_plan(struct session *session, struct state *base, struct edits *edits);

/*
 * Applies edits to a state that was just read, if the backend can detect that nothing
 * has changed since: nf_tables by the generation, ip_tables not. Returns 1 if something
 * has changed, that is not known, or the kernel refused the guard: nothing was written,
 * and the caller must use apply_plan().
 */
int apply_seen(struct session *session, const struct state *seen, const struct edits *edits);

#endif
