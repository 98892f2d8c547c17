/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_close_first.h"

#include <stdlib.h>

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

/* Without an error, it is a configuration that does not say whether there should be rules. */
static void say_closed(const struct options *options, bool failed)
{
	char *repair = cmd_command(options, RUN_REPAIR), *remove = cmd_command(options, RUN_REMOVE);

	diag_warning("--close-first: new connections to published ports stay refused; %s and run: %s; "
		     "or open them: %s", failed ? "correct the error" : "write the configuration",
		     repair, remove);
	free(repair);
	free(remove);
}

int cmd_close_first_lift(const struct options *options, const struct session *session)
{
	unsigned int others = BOTH_FAMILIES & ~session->configured->families;

	if (options->families || !others)
		return 0;
	return close_first_lift(cmd_backends, others);
}

int cmd_close_first_end(const struct options *options, unsigned int closed,
			const struct session *session, bool failed)
{
	if (options->mode != MODE_REPAIR || options->dry_run)
		return 0;
	if (!failed && cmd_close_first_lift(options, session))
		return -1;
	if (close_first_remains(cmd_backends, closed))
		say_closed(options, failed);
	return 0;
}
