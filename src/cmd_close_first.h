/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CLOSE_FIRST_H
#define DOCKFW_CMD_CLOSE_FIRST_H

#include "options.h"
#include "session.h"

/*
 * --close-first, before anything is read: refuses new connections to published ports.
 * Returns the families, bits 1U << FAMILY_…, that are closed now; 0 without the option.
 */
unsigned int cmd_close_first(const struct options *options);

/*
 * Opens the families that are not configured, if an earlier run has closed them: what is closed
 * there is nobody's, since neither a repair nor a check looks at it. Not where an option chooses
 * the families. Returns 0, or -1 after reporting why.
 */
int cmd_close_first_lift(const struct options *options, const struct session *session);

/*
 * After a repair, with or without the option: opens the families that are not configured, if
 * an earlier run has closed them. In the others the repair has replaced what closed them,
 * unless it failed or the guard could not be put in force: a warning then says that they stay
 * closed, and how to open them. closed is what cmd_close_first() returned, session the one of
 * the repair, and failed whether it failed. Returns 0, or -1 after reporting why.
 */
int cmd_close_first_end(const struct options *options, unsigned int closed,
			const struct session *session, bool failed);

#endif
