/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check.h"

#include "cmd.h"
#include "cmd_close_first.h"
#include "cmd_open.h"
#include "configuration.h"
#include "deadline.h"
#include "diag.h"
#include "docker_layout.h"
#include "dockerd_find.h"
#include "gains.h"
#include "guard.h"
#include "guard_names.h"
#include "losses.h"
#include "put_file.h"
#include "repair.h"
#include "report_findings.h"
#include "report_write.h"
#include "session.h"
#include "watch_lock.h"

/* The data of a run until its report is written. */
struct run {
	const struct options *options;
	const struct check_hold *hold; /* NULL: none */
	struct configuration configuration;
	struct docker_elsewhere elsewhere;
	bool searched, search_failed; /* for it */
	struct session session;
	struct repair repair;
	struct findings ignored; /* of those that are left */
	struct open_ports open;  /* although the configuration refuses it, in what is left */
	struct report report;
	struct access_changes losses, gains;
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

/* The findings of a state, as a report shows them. */
static void fill_findings(const struct run *run, struct state *state, struct findings *ignored)
{
	configuration_report(&run->configuration, &state->findings);
	report_findings(&state->findings, run->session.policy, ignored);
}

/* What was not read whole is in no report. */
static void fill_report(struct run *run, bool failed)
{
	struct report *report = &run->report;
	struct repair *repair = &run->repair;
	struct state *found = &repair->found;
	/* After an error the findings are not complete, unless only Docker was not restarted. */
	struct state *left = failed && !repair->not_restarted ? NULL : repair_left(repair);

	report->policy = run->session.policy ? run->session.policy : run->configuration.policy;
	report->backend = run->session.ops ? backend_kind_name(run->session.ops->kind) : NULL;
	report->edits = &repair->edits;
	report->later = &repair->later;
	report->written = repair->written;
	report->restarted = repair->restarted || repair->would_restart;
	report->partial = failed && (repair->written || repair->restarted || repair->not_restarted);
	if (found->whole && (left || report->partial)) {
		if (left != found)
			fill_findings(run, found, NULL);
		report->snapshot = found->snapshot;
		report->found = &found->findings;
		report->own = state_guard(found);
		report->families = families_in_force(run->session.policy, report->snapshot);
		report->guarded_only = families_guarded_only(run->session.policy, report->snapshot);
	}
	if (left) {
		fill_findings(run, left, &run->ignored);
		report->left = &left->findings;
		report->left_snapshot = left->snapshot;
		report->compared = state_policy(&run->session, left);
		report->ignored = &run->ignored;
		fill_refused(report, left);
	}
	if (report->snapshot && repair->edits.n) {
		losses_add(state_policy(&run->session, found), found->snapshot, &run->losses);
		report->losses = &run->losses;
		gains_add(state_policy(&run->session, found), found->snapshot, &run->gains);
		report->gains = &run->gains;
	}
	report->open = left && run->open.known ? &run->open : NULL;
	report->error = diag_first_error();
	report->status = failed || !left ? SEVERITY_UNKNOWN : findings_severity(report->left);
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

/*
 * What the findings mean for the host, where there are any that count. It reads all tables,
 * which a check of a host in order does not.
 */
static void look_for_open(struct run *run)
{
	const struct state *newest = repair_newest(&run->repair);
	bool wrong = run->configuration.broken;

	for (size_t i = 0; i < newest->findings.n; i++)
		wrong |= newest->findings.v[i].severity != SEVERITY_OK &&
			 !report_ignores(run->session.policy, newest->findings.v[i].id);
	if (wrong || run->options->verbosity)
		cmd_open_ports(run->options, &run->session, newest, &run->open);
}

/* Looking at each process of the host takes as long as parsing the rules. */
static void search_meanwhile(const struct policy *policy, void *data)
{
	struct run *run = data;

	(void)policy;
	run->search_failed = docker_elsewhere_find(&run->elsewhere) != 0;
	run->searched = true;
}

/* Loads the configuration, and looks for a Docker that it does not reach. */
static int load(struct run *run)
{
	const struct config_meanwhile search = { search_meanwhile, run };

	if (configuration_load(&run->configuration, run->options, &search) ||
	    output_check(run->options->output))
		return -1;
	/* Of a file that is wrong as a whole, no rule is parsed. */
	if (!run->searched)
		search_meanwhile(run->configuration.policy, run);
	return run->search_failed ? -1 : 0;
}

static int run_check(struct run *run)
{
	const struct options *options = run->options;
	struct repair *repair = &run->repair;
	struct policy *configured;
	const bool facts = options->verbosity > 0 || options->format == FORMAT_JSON;
	bool failed;

	if (load(run))
		return -1;
	configured = run->configuration.policy;
	if (check_families(options, configured))
		return -1;
	cmd_override(configured, options);
	if (session_open(&run->session, cmd_backends, configured) ||
	    (options->wait && (docker_wait(&run->session, options->wait, false) ||
			       session_choose(&run->session))))
		return -1;
	repair->session = &run->session;
	repair->wait = options->wait;
	repair->force_restart = options->restart_docker;
	/* A check shows what a repair would do. */
	repair->dry_run = options->dry_run || !(options->mode == MODE_REPAIR || run->hold);
	repair->foretell = options->dry_run && options->mode == MODE_REPAIR;
	if (state_settle(&run->session, &repair->found) ||
	    (run->hold && run->hold->before(&run->session, &repair->found, run->hold->data)))
		return -1;
	failed = repair_run(repair) != 0;
	/* Docker was not restarted: what there is now is reported as completely as otherwise. */
	if (failed && (!repair->not_restarted || !repair_left(repair)))
		return -1;
	/* What another process tries is not confirmed by being in force. */
	if (!failed && !repair->dry_run && !run->hold && !watch_lock_of_trial(options->state_folder))
		configuration_store(&run->configuration, options, &repair_newest(repair)->findings);
	if (state_add_proxies(&run->session, &run->elsewhere, facts,
			      repair_newest(repair)) ||
	    (facts && state_add_stray(&run->session, repair_newest(repair))))
		return -1;
	/* Where nothing had to wait, nothing has looked at the time. */
	if (failed || deadline_check())
		return -1;
	look_for_open(run);
	return 0;
}

/* Returns the status of a repair that is held, after its report. */
static int end_hold(struct run *run, int status)
{
	bool keep = false;

	status = run->hold->after(&run->session, &run->repair, status, &keep, run->hold->data);
	if (keep)
		configuration_store(&run->configuration, run->options,
				    &repair_newest(&run->repair)->findings);
	return status;
}

int cmd_check_held(const struct options *options, const struct check_hold *hold)
{
	struct run run = {
		.options = options,
		.hold = hold,
		.report = cmd_report(options),
	};
	unsigned int closed = cmd_close_first(options);
	bool failed = run_check(&run) != 0;
	int status;

	failed |= cmd_close_first_end(options, closed, &run.session, failed) != 0;
	fill_report(&run, failed);
	status = report_write(&run.report) ? SEVERITY_UNKNOWN : (int)run.report.status;
	if (hold)
		status = end_hold(&run, status);
	findings_clear(&run.ignored);
	open_ports_clear(&run.open);
	access_changes_clear(&run.losses);
	access_changes_clear(&run.gains);
	repair_clear(&run.repair);
	session_close(&run.session);
	configuration_clear(&run.configuration);
	return status;
}

int cmd_check(const struct options *options)
{
	return cmd_check_held(options, NULL);
}
