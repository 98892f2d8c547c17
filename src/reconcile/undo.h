/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UNDO_H
#define DOCKFW_UNDO_H

#include "repair.h"

/*
 * Takes back what the repair has written, in DOCKER-USER, FORWARD, the other chains and the
 * guard; what others have written since stays (plan_undo.h). With nf_tables that is one
 * transaction, with ip_tables the guard has one of its own. done has bits of those that are
 * taken back: 0 at first, and for another try what the last one left there, since nothing can be
 * taken back twice. Returns 0, or -1 after reporting why.
 */
enum { UNDO_GUARD = 1 << 0, UNDO_TABLES = 1 << 1 };
int undo_repair(const struct session *session, const struct repair *repair, unsigned int *done);

/* Whether the edits that the state needs could be taken back; if not, reported as an error. */
bool undo_can(const struct session *session, const struct state *found);

#endif
