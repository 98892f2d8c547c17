/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_APPLY_H
#define DOCKFW_APPLY_H

#include "edit.h"
#include "observe.h"

/*
 * Repairs the tables: reads, plans and commits in one session of the backend, and
 * starts over if others wrote in between. Sets base to the state at the moment of the
 * write and edits to what was written, which is empty if there was nothing to do; the
 * caller clears both. Returns 0, or -1 after reporting why; edits then has what is in force
 * all the same, since ip_tables and the guard are written one after the other. seen is what
 * was read before, and is what that was written for if base is not whole.
 *
 * With nf_tables, DOCKER-USER and the guard are one batch. With ip_tables, the guard
 * follows. Configured rules that the kernel refuses are noted in session->refused, and the
 * others are still written. If it refuses the guard of a family for another reason, the rest
 * is written, and session->refused.guard has that family after reporting why. If it refuses
 * something else, or ip_tables cannot be read again or written, the guard is written all the
 * same: by itself it closes what it refuses.
 */
int apply_plan(struct session *session, struct state *seen, struct state *base,
	       struct edits *edits);

/*
 * Applies edits to a state that was just read, if the backend can detect that nothing
 * has changed since: nf_tables by the generation, ip_tables not. Returns 1 if something
 * has changed, that is not known, or the kernel refused a part: nothing was written, and
 * the caller must use apply_plan(); and 2 for the same after the guard was written, since
 * ip_tables has to wait for another program: edits has what was written. After -1, edits has
 * what is in force all the same.
 */
int apply_seen(struct session *session, struct state *seen, struct edits *edits);

/*
 * Has the kernel try the edits of a state that was just read, without changing anything,
 * if they insert rules. If it refuses some, these are noted in the session as by
 * apply_plan(), and seen and edits are read and planned again without them. Returns 0; 1
 * after reporting why a commit of these edits would fail; or -1 after reporting why seen
 * could not be read again.
 */
int apply_try(struct session *session, struct state *seen, struct edits *edits);

/*
 * Restores only the guard, for what base wants, by what its tables hold now. Adds what was
 * written to edits. Returns 0, or -1 after reporting why.
 */
int apply_guard(struct session *session, struct state *base, struct edits *edits);

/*
 * Makes the copy of the guard what base wants. Returns 0; 1 if a table of that name is another
 * program's, and there is no copy in its family; or -1 after reporting why, and then there is
 * none, unless the kernel cannot be written to at all.
 */
int apply_guard_copy(struct session *session, const struct state *base);

#endif
