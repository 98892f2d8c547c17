/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check.h"

#include "check_proxy.h"
#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "docker_proxies.h"
#include "docker_restart.h"
#include "observe.h"
#include "other_filters.h"
#include "patience.h"
#include "plan.h"
#include "report.h"
#include "session.h"

/* What a run holds until its report is out. */
struct run {
	const struct backend_ops *ops;
	struct policy *policy;
	struct state found, left;
	struct edits edits;
	struct report report;
};

static void run_clear(struct run *run)
{
	state_clear(&run->found);
	state_clear(&run->left);
	edits_clear(&run->edits);
	policy_free(run->policy);
}

static struct chain *next_of_nat(const struct policy *policy, const struct snapshot *snapshot,
				 struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded &&
			    docker_owns_chain((*table)->chains[c]->name))
				return (*table)->chains[c];
	}
	return NULL;
}

/*
 * docker-proxy's listeners go by INPUT. Where that is filtered in every family
 * they are a fact for -v and not looked for otherwise: a host can have tens of
 * thousands of them.
 */
static int look_at_proxies(struct run *run, struct state *state)
{
	static const char *const nat[] = { "nat", NULL };
	struct proxies proxies = { 0 };
	struct snapshot *snapshot = NULL;
	unsigned int filtered = 0;
	int status;

	if (!state->docker.running || strings_has(&run->policy->ignore, finding_name(PROXY_BYPASS)))
		return 0;
	deadline_step("looking at INPUT and docker-proxy");
	if (input_filtered(&filtered))
		return -1;
	if (!(run->policy->families & ~filtered) && !run->report.options->verbosity)
		return 0;
	status = proxies_read(&proxies);
	if (!status)
		status = snapshot_read(run->ops, run->policy, nat, next_of_nat, &snapshot);
	if (!status)
		check_proxies(run->policy, snapshot, &proxies, filtered,
			      run->report.options->verbosity > 0, &state->findings);
	snapshot_free(snapshot);
	proxies_clear(&proxies);
	return status;
}

static int do_check(struct run *run)
{
	if (state_settle(run->ops, run->policy, &run->found) ||
	    look_at_proxies(run, &run->found))
		return -1;
	/* For the picture: what a repair would do. */
	plan(run->policy, run->found.snapshot, &run->edits);
	return 0;
}

static void add_contested(struct run *run)
{
	char *message = xasprintf("%d repairs were undone at once by another writer; the last: %s",
				  REPAIR_ROUNDS, run->left.findings.n ? run->left.findings.v[0].message
							       : "its findings are ignored");

	findings_add(&run->left.findings, CONTESTED, SEVERITY_CRITICAL, message);
	findings_leave_out(&run->left.findings, run->policy);
}

/* Whether the tables are as the plan wants them, so long after the write. */
static int look_again(struct run *run, unsigned int ms, bool *mended)
{
	struct edits again = { 0 };

	if (run->found.docker.running)
		sleep_ms(ms);
	state_clear(&run->left);
	if (deadline_check() || state_read(run->ops, run->policy, &run->left))
		return -1;
	plan(run->policy, run->left.snapshot, &again);
	*mended = !again.n;
	edits_clear(&again);
	return 0;
}

/* Writes until the tables stay as planned; what it met and wrote first is reported. */
static int write_and_look(struct run *run)
{
	bool mended = false;
	int seen = run->edits.n ? repair_seen(run->ops, &run->found, &run->edits) : 1;

	if (seen < 0)
		return -1;
	if (!seen) {
		run->report.written = true;
		if (look_again(run, AFTER_WRITE_MS, &mended))
			return -1;
	}
	for (int round = 0; round < REPAIR_ROUNDS && !mended; round++) {
		struct edits edits = { 0 };
		struct state base;
		int status = repair_once(run->ops, run->policy, &base, &edits);

		if (!status && !run->report.written) {
			state_clear(&run->found);
			edits_clear(&run->edits);
			run->found = base;
			run->edits = edits;
			run->report.written = edits.n > 0;
		} else {
			state_clear(&base);
			edits_clear(&edits);
		}
		if (status || look_again(run, AFTER_WRITE_MS << (round + 1), &mended))
			return -1;
	}
	if (!mended)
		add_contested(run);
	return 0;
}

/* What was seen last. */
static struct state *newest(struct run *run)
{
	return run->left.snapshot ? &run->left : &run->found;
}

/*
 * With --wait a repair stays until dockerd has finished what it is at. The wait for
 * its chains may have taken most of the time: half of what is left is for the
 * repairs and the report, since a host that is right and busy is no timeout.
 */
static int stay_right(struct run *run)
{
	unsigned int seconds = run->report.options->wait, left = deadline_left() / 2;
	uint64_t stay = (uint64_t)seconds * 1000, end = clock_ms() + (stay < left ? stay : left);

	if (!seconds || !newest(run)->docker.running)
		return 0;
	for (int round = 0;; round++) {
		int wrong = state_stay(run->ops, run->policy, end, newest(run));

		if (wrong <= 0)
			return wrong;
		if (round == REPAIR_ROUNDS)
			break;
		/* The report is of what was met and written first. */
		if (run->report.written)
			diag_warning("wrong again behind the repair, by another writer: %s; repairing it again",
				     newest(run)->findings.n ? newest(run)->findings.v[0].message
							     : "its findings are ignored");
		if (write_and_look(run))
			return -1;
		if (findings_count(&run->left.findings, CONTESTED, FAMILY_COUNT))
			return 0;
	}
	add_contested(run);
	return 0;
}

/*
 * Docker's own chains come back with a restart alone. DOCKER-USER is laid by
 * then, so that nothing is open while Docker starts; and looked at again behind
 * it, since dockerd may reload firewalld while it starts. Once a run.
 */
static int recover_docker(struct run *run)
{
	const struct options *options = run->report.options;

	if (!findings_count(&newest(run)->findings, DOCKER_CHAINS_MISSING, FAMILY_COUNT) ||
	    !(options->restart_docker || run->policy->recovery == RECOVERY_RESTART))
		return 0;
	switch (docker_restart(options->restart_docker)) {
	case RESTART_FAILED:
		return -1;
	case RESTART_TOO_SOON:
		return 0;
	case RESTART_DONE:
		break;
	}
	run->report.restarted = true;
	if (docker_wait(run->policy, options->wait ? options->wait : RESTART_WAIT_SECONDS))
		return -1;
	run->ops = session_backend(run->policy);
	return !run->ops || write_and_look(run) || stay_right(run) ? -1 : 0;
}

static int do_repair(struct run *run)
{
	if (state_settle(run->ops, run->policy, &run->found))
		return -1;
	plan(run->policy, run->found.snapshot, &run->edits);
	if (run->report.options->dry_run)
		return look_at_proxies(run, &run->found);
	if ((run->edits.n && write_and_look(run)) || stay_right(run) || recover_docker(run))
		return -1;
	return look_at_proxies(run, newest(run));
}

static void fill_report(struct run *run, bool failed)
{
	struct report *report = &run->report;

	report->policy = run->policy;
	report->backend = run->ops ? backend_kind_name(run->ops->kind) : NULL;
	report->edits = &run->edits;
	if (run->found.snapshot) {
		report->snapshot = run->found.snapshot;
		report->found = &run->found.findings;
		report->left = &newest(run)->findings;
		report->families = families_in_force(run->policy, run->found.snapshot);
	}
	report->error = diag_first_error();
	report->status = failed || !report->left ? SEVERITY_UNKNOWN
						 : findings_severity(report->left);
}

/* The rules of a family that is not configured were not read: it has none to be held to. */
static int check_families(const struct options *options, const struct policy *policy)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!(options->families & ~policy->families & 1U << family))
			continue;
		diag_error("--%s: '%s' does not have it among its families; add it there, or look at the others alone",
			   family_name((enum family)family), options->config);
		return -1;
	}
	return 0;
}

static int run_judging(struct run *run)
{
	const struct options *options = run->report.options;

	run->policy = config_read(options->config);
	if (!run->policy || check_families(options, run->policy))
		return -1;
	policy_override(run->policy, options);
	if (options->wait && docker_wait(run->policy, options->wait))
		return -1;
	run->ops = session_backend(run->policy);
	if (!run->ops)
		return -1;
	return options->mode == MODE_REPAIR ? do_repair(run) : do_check(run);
}

int judge(const struct options *options)
{
	struct run run = { .report = { .options = options, .started_ms = clock_ms() } };
	bool failed = run_judging(&run) != 0;
	int status;

	fill_report(&run, failed);
	status = report_write(&run.report) ? SEVERITY_UNKNOWN : (int)run.report.status;
	run_clear(&run);
	return status;
}
