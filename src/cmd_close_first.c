/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_close_first.h"

#include "close_first.h"
#include "cmd.h"
#include "diag.h"

#define BOTH_FAMILIES ((1U << FAMILY_COUNT) - 1)

unsigned int cmd_close_first(const struct options *options)
{
	if (!options->close_first)
		return 0;
	return close_first(cmd_backends, options->families ? options->families : BOTH_FAMILIES);
}

int cmd_close_first_end(const struct options *options, unsigned int closed,
			const struct session *session, bool failed)
{
	unsigned int others = 0;

	if (options->mode != MODE_REPAIR || options->dry_run)
		return 0;
	/*
	 * What an earlier run has closed in a family that is not configured is nobody's: neither a
	 * repair nor a check looks at it.
	 */
	if (!failed && !options->families)
		others = BOTH_FAMILIES & ~session->configured->families;
	if (others && close_first_lift(cmd_backends, others))
		return -1;
	if (close_first_remains(cmd_backends, closed))
		diag_warning("--close-first: new connections to published ports stay refused; correct "
			     "the error and run dockfw-check --repair, or open them with "
			     "dockfw-check --remove");
	return 0;
}
