/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_capture.h"

#include <stdio.h>

#include "capture.h"
#include "cmd.h"
#include "deadline.h"
#include "finding.h"
#include "put_file.h"
#include "read_set.h"
#include "session.h"
#include "settings.h"
#include "snapshot_read.h"

struct captured {
	const struct policy *policy;
	const struct snapshot *snapshot;
};

static int write_capture(FILE *out, void *data)
{
	const struct captured *captured = data;

	return capture(captured->policy, captured->snapshot, out);
}

int cmd_capture(const struct options *options)
{
	static const char *const tables[] = { "filter", NULL };
	struct policy *policy = setting_default_policy();
	struct session session;
	struct snapshot *snapshot = NULL;
	int status = SEVERITY_UNKNOWN;

	cmd_override(policy, options);
	deadline_step("reading DOCKER-USER");
	if (!session_open(&session, cmd_backends, policy) &&
	    !snapshot_read(session.ops, session.policy, tables, select_user, &snapshot)) {
		struct captured captured = { session.policy, snapshot };

		if (!output_put(options->output, write_capture, &captured))
			status = SEVERITY_OK;
	}
	snapshot_free(snapshot);
	session_close(&session);
	policy_free(policy);
	return status;
}
