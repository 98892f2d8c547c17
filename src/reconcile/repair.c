/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "repair.h"

#include "apply.h"
#include "deadline.h"
#include "diag.h"
#include "docker_restart.h"
#include "patience.h"
#include "util.h"

static void add_contested(struct repair *repair)
{
	char *message = xasprintf("another writer undid %d repairs at once; the last finding: %s",
				  REPAIR_ROUNDS, repair->left.findings.n ? repair->left.findings.v[0].message
							       : "a rule without a finding");

	findings_add(&repair->left.findings, CONTESTED, SEVERITY_CRITICAL, FAMILY_COUNT, message);
}

/* Reads again ms milliseconds after the write; sets mended if nothing is left to plan. */
static int look_again(struct repair *repair, unsigned int ms, bool *mended)
{
	struct edits again = { 0 };

	if (dockerd_counts(&repair->found.dockerd))
		sleep_ms(ms);
	state_clear(&repair->left);
	if (deadline_check() || state_read(repair->session, &repair->left))
		return -1;
	state_plan(repair->session, &repair->left, &again);
	*mended = !again.n;
	edits_clear(&again);
	return 0;
}

/* The state seen last. */
struct state *repair_newest(struct repair *repair)
{
	return repair->left.snapshot ? &repair->left : &repair->found;
}

static void note_written(struct repair *repair, bool written)
{
	if (written && !repair->written)
		repair->written_ms = clock_ms();
	repair->written |= written;
}

/* Takes what the first write found, and what it wrote; what it could not read was found before. */
static void take_first(struct repair *repair, struct state *base, struct edits *edits)
{
	if (base->whole) {
		state_clear(&repair->found);
		repair->found = *base;
		*base = (struct state){ 0 };
	}
	edits_clear(&repair->edits);
	repair->edits = *edits;
	note_written(repair, edits->n > 0);
}

/* Writes until the tables stay as planned; what the first write found is kept. */
static int write_and_look(struct repair *repair)
{
	bool mended = false;
	int seen = 1;

	/* After a write, what was found then is no longer there. */
	if (repair->edits.n && !repair->written)
		seen = apply_seen(repair->session, &repair->found, &repair->edits);
	if (seen < 0) {
		note_written(repair, repair->edits.n > 0);
		return -1;
	}
	note_written(repair, seen != 1);
	if (!seen && look_again(repair, AFTER_WRITE_MS, &mended))
		return -1;
	for (int round = 0; round < REPAIR_ROUNDS && !mended; round++) {
		struct edits edits = { 0 };
		struct state base;
		int status = apply_plan(repair->session, repair_newest(repair), &base, &edits);

		/* After a failure, edits has what is in force all the same. */
		if ((!status || edits.n) && !repair->written)
			take_first(repair, &base, &edits);
		else
			edits_move_all(&repair->later, &edits);
		state_clear(&base);
		if (status || look_again(repair, AFTER_WRITE_MS << (round + 1), &mended))
			return -1;
	}
	if (!mended)
		add_contested(repair);
	return 0;
}

struct state *repair_left(struct repair *repair)
{
	bool changed = repair->written || repair->restarted || repair->not_restarted;
	struct state *state = changed ? &repair->left : repair_newest(repair);

	return state->whole ? state : NULL;
}

/*
 * With --wait a repair stays until dockerd has finished what it is doing. The wait for
 * its chains may have used most of the time, so half of the rest is kept for repairs
 * and the report: a host that is correct but busy must not end in a timeout.
 */
static int stay_right(struct repair *repair)
{
	unsigned int seconds = repair->wait, left = deadline_left() / 2;
	uint64_t stay = (uint64_t)seconds * 1000, end = clock_ms() + (stay < left ? stay : left);

	if (!seconds || !dockerd_counts(&repair_newest(repair)->dockerd))
		return 0;
	diag_wait("the tables to stay as they are", end > clock_ms() ? (unsigned int)(end - clock_ms()) : 0);
	for (int round = 0;; round++) {
		int wrong = state_stay(repair->session, end, repair_newest(repair));

		if (wrong <= 0)
			return wrong;
		if (round == REPAIR_ROUNDS)
			break;
		/* The report has only the findings from before the first write. */
		if (repair->written)
			diag_warning("another writer undid the repair: %s; repairing again",
				     repair_newest(repair)->findings.n ? repair_newest(repair)->findings.v[0].message
							     : "a rule without a finding");
		if (write_and_look(repair))
			return -1;
		if (findings_count(&repair->left.findings, CONTESTED, FAMILY_COUNT))
			return 0;
	}
	add_contested(repair);
	return 0;
}

/* Without --restart-docker, only chains that dockerd certainly should have count. */
static bool wants_restart(struct repair *repair)
{
	const struct findings *findings = &repair_newest(repair)->findings;
	bool missing = false, certain = false;

	for (size_t i = 0; i < findings->n; i++) {
		missing |= findings->v[i].id == DOCKER_CHAINS_MISSING;
		certain |= findings->v[i].id == DOCKER_CHAINS_MISSING &&
			   findings->v[i].severity == SEVERITY_CRITICAL;
	}
	return repair->force_restart ? missing
				     : certain && repair->session->policy->recovery == RECOVERY_RESTART;
}

/*
 * Only a restart brings Docker's own chains back. DOCKER-USER is in place before it, so
 * that nothing is open while Docker starts, and is checked again after it, since
 * dockerd may reload firewalld while it starts. At most once per run.
 */
static int recover_docker(struct repair *repair)
{
	if (!wants_restart(repair))
		return 0;
	switch (docker_restart(repair->force_restart)) {
	case RESTART_FAILED:
		/* Docker may have been stopped: what is reported is what there is now. */
		repair->not_restarted = true;
		state_clear(&repair->left);
		if (!deadline_check() && state_settle(repair->session, &repair->left))
			state_clear(&repair->left);
		return -1;
	case RESTART_TOO_SOON:
		return 0;
	case RESTART_DONE:
		break;
	}
	repair->restarted = true;
	state_clear(&repair->left);
	if (docker_wait(repair->session, repair->wait ? repair->wait : RESTART_WAIT_SECONDS, true) ||
	    session_choose(repair->session))
		return -1;
	return write_and_look(repair) || stay_right(repair) ? -1 : 0;
}

/*
 * What the kernel does not take, a repair cannot put in. That a repair would fail has been
 * printed, and changes nothing about what was found.
 */
static int try_edits(struct repair *repair)
{
	int status = apply_try(repair->session, &repair->found, &repair->edits);

	if (status <= 0 || deadline_check())
		return status ? -1 : 0;
	diag_forget();
	return 0;
}

int repair_run(struct repair *repair)
{
	state_plan(repair->session, &repair->found, &repair->edits);
	if (repair->dry_run) {
		repair->would_restart = repair->foretell && wants_restart(repair) &&
					docker_restart_may(repair->force_restart);
		return try_edits(repair);
	}
	return (repair->edits.n && write_and_look(repair)) || stay_right(repair) ||
	       recover_docker(repair) ? -1 : 0;
}

void repair_clear(struct repair *repair)
{
	state_clear(&repair->found);
	state_clear(&repair->left);
	edits_clear(&repair->edits);
	edits_clear(&repair->later);
}
