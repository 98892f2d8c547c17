/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check.h"

#include "cmd.h"
#include "config_read.h"
#include "diag.h"
#include "docker_layout.h"
#include "guard.h"
#include "guard_names.h"
#include "repair.h"
#include "report_findings.h"
#include "report_write.h"
#include "session.h"

/* The data of a run until its report is written. */
struct run {
	const struct options *options;
	struct policy *configured;
	struct session session;
	struct repair repair;
	struct report report;
};

/* What the guard has refused up to the state seen last. */
static void fill_refused(struct report *report, const struct state *state)
{
	const struct snapshot *own = state_guard(state);

	for (int family = 0; family < FAMILY_COUNT && own; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, GUARD_TABLE);

		report->guard[family] = table && !guard_is_foreign(table);
		report->refused[family] = guard_refused(own, (enum family)family);
	}
}

static void fill_report(struct run *run, bool failed)
{
	struct report *report = &run->report;
	struct repair *repair = &run->repair;
	struct state *newest = repair_newest(repair);

	report->policy = run->session.policy ? run->session.policy : run->configured;
	report->backend = run->session.ops ? backend_kind_name(run->session.ops->kind) : NULL;
	report->edits = &repair->edits;
	report->written = repair->written;
	report->restarted = repair->restarted;
	if (repair->found.snapshot) {
		report_findings(&repair->found.findings, run->session.policy);
		if (newest != &repair->found)
			report_findings(&newest->findings, run->session.policy);
		report->snapshot = repair->found.snapshot;
		report->found = &repair->found.findings;
		report->left = &newest->findings;
		report->own = state_guard(&repair->found);
		fill_refused(report, newest);
		report->families = families_in_force(run->session.policy, report->snapshot);
	}
	report->error = diag_first_error();
	report->status = failed || !report->left ? SEVERITY_UNKNOWN
						 : findings_severity(report->left);
}

/* The rules of an unconfigured family were not parsed, so there is nothing to check it against. */
static int check_families(const struct options *options, const struct policy *policy)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!(options->families & ~policy->families & 1U << family))
			continue;
		diag_error("--%s: '%s' does not list it in families; add it there, or check only the others",
			   family_name((enum family)family), options->config);
		return -1;
	}
	return 0;
}

static int run_check(struct run *run)
{
	const struct options *options = run->options;
	struct repair *repair = &run->repair;

	run->configured = config_read(options->config);
	if (!run->configured || check_families(options, run->configured))
		return -1;
	cmd_override(run->configured, options);
	if (session_open(&run->session, cmd_backends, run->configured) ||
	    (options->wait && (docker_wait(&run->session, options->wait) ||
			       session_choose(&run->session))))
		return -1;
	repair->session = &run->session;
	repair->wait = options->wait;
	repair->force_restart = options->restart_docker;
	/* A check shows what a repair would do. */
	repair->dry_run = options->dry_run || options->mode != MODE_REPAIR;
	if (state_settle(&run->session, &repair->found) || repair_run(repair))
		return -1;
	return state_add_proxies(&run->session,
				 options->verbosity > 0 || options->format == FORMAT_JSON,
				 repair_newest(repair));
}

int cmd_check(const struct options *options)
{
	struct run run = {
		.options = options,
		.report = cmd_report(options),
	};
	bool failed = run_check(&run) != 0;
	int status;

	fill_report(&run, failed);
	status = report_write(&run.report) ? SEVERITY_UNKNOWN : (int)run.report.status;
	repair_clear(&run.repair);
	session_close(&run.session);
	policy_free(run.configured);
	return status;
}
