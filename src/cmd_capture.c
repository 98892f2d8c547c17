/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_capture.h"

#include <stdio.h>

#include "capture.h"
#include "cmd.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "finding.h"
#include "put_file.h"
#include "read_set.h"
#include "sample.h"
#include "session.h"
#include "settings.h"
#include "snapshot_read.h"

struct capture_job {
	const struct options *options;
	const struct policy *policy;
	const struct snapshot *snapshot;
	const struct snapshot *own; /* Docker's own nf_tables tables */
	enum captured result;
};

/*
 * A configuration without rules, in place of one that was lost with the rules, would make
 * every later check pass. So a file of that kind is only written on demand.
 */
static int say_nothing(const struct options *options, enum captured result, bool native)
{
	const char *text = result == CAPTURED_NONE
		? "none of the rules of DOCKER-USER can be captured"
		: native
		? "DOCKER-USER, which Docker has left here, holds no rules: there is nothing to capture; write a "
		  "publish section for each port that others may reach"
		: "DOCKER-USER holds no rules: there is nothing to capture; a reload of firewalld, or a "
		  "restart of it or of Docker, may have removed them";

	if (options->output && !options->force) {
		diag_error("%s; nothing is written to '%s' without --force", text, options->output);
		return -1;
	}
	diag_warning("%s; this configuration requires no rule", text);
	return 0;
}

static int write_capture(FILE *out, void *data)
{
	struct capture_job *job = data;

	job->result = capture(job->policy, job->snapshot, out);
	if (job->result == CAPTURED_NOTHING || job->result == CAPTURED_NONE)
		return say_nothing(job->options, job->result, job->own->ntables > 0);
	return job->result == CAPTURED_FAILED ? -1 : 0;
}

int cmd_capture(const struct options *options)
{
	static const char *const tables[] = { "filter", NULL };
	static const char *const dockers[] = { DOCKER_NFT_TABLE, NULL };
	struct policy *policy = setting_default_policy();
	struct session session;
	struct snapshot *snapshot = NULL, *own = NULL;
	int status = SEVERITY_UNKNOWN;

	cmd_override(policy, options);
	deadline_step("reading DOCKER-USER");
	if (!session_open(&session, cmd_backends, policy) &&
	    !snapshot_read(cmd_backends[BACKEND_NFT], session.policy, dockers, select_guard, &own) &&
	    !snapshot_read(session.ops, session.policy, tables, select_not_docker, &snapshot)) {
		const struct keep keep = { .sample = sample_text, .force = options->force };
		struct capture_job job = { options, session.policy, snapshot, own,
					   CAPTURED_FAILED };

		snapshot_copy_tables(snapshot, own, DOCKER_NFT_TABLE);
		if (!output_put_kept(options->output, &keep, write_capture, &job))
			status = job.result == CAPTURED_WHOLE ? SEVERITY_OK : SEVERITY_WARNING;
	}
	snapshot_free(snapshot);
	snapshot_free(own);
	session_close(&session);
	policy_free(policy);
	return status;
}
