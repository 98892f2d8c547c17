/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "check_interfaces.h"
#include "deadline.h"
#include "diag.h"
#include "docker_families.h"
#include "guard_names.h"
#include "patience.h"
#include "policy.h"
#include "process_parent.h"
#include "report_findings.h"
#include "util.h"
#include "watch_matters.h"

int watch_open(struct watch *watch)
{
	const struct backend_ops *nft = watch->session->backends[BACKEND_NFT];

	watch->changes = nft->changes->open();
	if (!watch->changes)
		return -1;
	watch->owns = watch->only_report ? OWN_NONE : nft->own_begin();
	return 0;
}

void watch_close(struct watch *watch)
{
	const struct backend_ops *nft = watch->changes ? watch->session->backends[BACKEND_NFT] : NULL;

	if (nft)
		nft->changes->close(watch->changes);
	if (nft && watch->owns != OWN_NONE)
		nft->own_end();
	watch->changes = NULL;
	writers_clear(&watch->writers);
	watch_docker_clear(&watch->docker);
	watch_told_forget(&watch->told);
	watch_undone_clear(&watch->undone);
	state_clear(&watch->last);
}

void watch_forget(struct watch *watch)
{
	state_clear(&watch->last);
	writers_clear(&watch->writers);
	watch->again_ms = clock_ms();
	watch->chosen = watch->has_digest = false;
	watch_told_forget(&watch->told);
	watch_undone_clear(&watch->undone);
}

int watch_fd(const struct watch *watch)
{
	const struct backend_ops *nft = watch->session->backends[BACKEND_NFT];

	return watch->changes ? nft->changes->fd(watch->changes) : -1;
}

static void tell(struct watch *watch, enum watch_news news, const struct edits *edits,
		 const struct findings *findings, size_t left_out)
{
	uint64_t since = watch->wrong_ms;
	struct watch_event event = {
		.news = news,
		.writers = &watch->writers,
		.edits = edits,
		.findings = findings,
		.left_out = left_out,
		.wrong_ms = since ? (unsigned int)(clock_ms() - since) : 0,
	};

	watch->tell(watch->data, &event);
}

/* ---- what is announced ---- */

static struct change_of change_of(const struct chain_change *change)
{
	bool itself = change->deleted || (change->made && !*change->chain);

	return (struct change_of){ change->family, change->table, change->chain, itself, change->handle };
}

static bool matters(const void *data, const struct chain_change *change)
{
	const struct watch *watch = data;
	const struct change_of of = change_of(change);

	return watch_matters(watch->session->policy, &watch->last, &of);
}

static bool is_of_docker(const struct watch *watch, const struct chain_change *change)
{
	const struct change_of of = change_of(change);

	return watch_is_of_docker(&of) || watch_docker_has(&watch->docker, &of);
}

/* Of the names alone, so that nothing is kept of what others write to tables of their own. */
static bool is_wanted(const void *data, const struct chain_change *change)
{
	struct chain_change any = *change;

	any.deleted = true;
	return matters(data, &any) || is_of_docker(data, &any);
}

/* Whatever it was, a look is due when its writer is done. */
static void note_news(struct watch *watch)
{
	watch->latest_ms = clock_ms();
	if (!watch->first_ms)
		watch->first_ms = watch->latest_ms;
	if (!watch->wrong_ms)
		watch->wrong_ms = watch->latest_ms;
}

static void note_storm(struct watch *watch)
{
	const struct write_rate *rate = &watch->rate;
	struct writers who = { 0 };
	struct watch_event event = { .news = WATCH_STORM, .writers = &who };
	struct writer writer = { .pid = rate->pid, .parent = process_parent(rate->pid) };

	memcpy(writer.name, rate->name, sizeof(writer.name));
	who = (struct writers){ .v = &writer, .n = 1 };
	event.writes = rate->writes;
	event.within_ms = (unsigned int)(clock_ms() - rate->begun_ms);
	watch->tell(watch->data, &event);
	free(writer.parent);
}

/* Notes who wrote; sets *guard if the guard may be touched. */
static void note(struct watch *watch, const struct table_change *change, bool *guard)
{
	bool news = false, docker = false;

	if (write_rate_add(&watch->rate, change, clock_ms()))
		note_storm(watch);
	*guard |= table_change_touches(change, GUARD_TABLE);
	for (size_t i = 0; i < change->n; i++) {
		news |= matters(watch, &change->v[i]);
		docker |= is_of_docker(watch, &change->v[i]);
	}
	if (docker || change->lost)
		watch_docker_touched(&watch->docker);
	if (!news && !change->lost)
		return;
	writers_add(&watch->writers, change, matters, watch, process_parent);
	note_news(watch);
}

/* ---- the guard ---- */

/*
 * At once, by what was read last: whoever writes now is not at its end, but the guard is
 * nobody else's.
 */
static int restore_guard(struct watch *watch)
{
	struct edits edits = { 0 };
	int status = 0;

	if (!watch->last.snapshot || watch->only_report)
		return 0;
	deadline_start(watch->timeout);
	deadline_step("restoring the guard");
	status = apply_guard(watch->session, &watch->last, &edits);
	if (!status && edits.n)
		tell(watch, WATCH_GUARD, &edits, NULL, 0);
	edits_clear(&edits);
	return status;
}

int watch_take(struct watch *watch)
{
	const struct change_source *source = watch->session->backends[BACKEND_NFT]->changes;
	struct table_change change = { 0 };
	bool guard = false;
	int got = 0;

	/* What is left makes the descriptor readable again. */
	for (unsigned int i = 0; i < WATCH_TAKE_MOST; i++) {
		got = source->next(watch->changes, is_wanted, watch, &change);
		if (got <= 0)
			break;
		if (change.lost || !session_made(watch->session, change.generation))
			note(watch, &change, &guard);
		table_change_clear(&change);
		/*
		 * In a storm the guard does not wait for its end. What failed is tried again after a
		 * moment, not for each change that has been announced: a try may take its whole time.
		 */
		if (guard && restore_guard(watch)) {
			watch->again_ms = clock_ms() + WATCH_FAILED_MS;
			return -1;
		}
		guard = false;
	}
	return got < 0 ? got : 0;
}

/* ---- DOCKER-USER and all the rest ---- */

/*
 * The backend that announces nothing, if what it holds matters: it has Docker's chains, or the
 * host's own firewall, which the configuration follows in every backend. NULL: there is none.
 */
static const struct backend_ops *compared(const struct watch *watch)
{
	const struct session *session = watch->session;
	const struct backend_ops *ops = session->ops;

	if (!ops->digest && policy_follows_host(session->configured))
		ops = session->backends[BACKEND_LEGACY];
	return ops->digest ? ops : NULL;
}

/* 0 is no time. */
static uint64_t earliest(uint64_t a, uint64_t b)
{
	return b && b < a ? b : a;
}

unsigned int watch_due(const struct watch *watch)
{
	uint64_t now = clock_ms(), due = UINT64_MAX;

	if (watch->first_ms) {
		uint64_t quiet = watch->latest_ms + WATCH_QUIET_MS;
		uint64_t most = watch->first_ms + WATCH_BURST_MS;

		due = quiet < most ? quiet : most;
		due = due < watch->pace_ms ? watch->pace_ms : due;
	}
	due = earliest(due, watch->unannounced_ms);
	/* Whoever undoes each repair is given time; the guard is not. */
	if (due < watch_undone_next(&watch->undone))
		due = watch_undone_next(&watch->undone);
	if (compared(watch))
		due = earliest(due, watch->compared_ms + WATCH_LEGACY_MS);
	due = earliest(due, watch->again_ms);
	due = earliest(due, watch->told.due_ms);
	due = earliest(due, watch->docker.compare_ms);
	if (due < watch->failed_ms)
		due = watch->failed_ms;
	if (due == UINT64_MAX)
		return UINT_MAX;
	return due > now ? (unsigned int)(due - now) : 0;
}

bool watch_wants_hints(const struct watch *watch)
{
	return compared(watch) != NULL;
}

void watch_hint(struct watch *watch)
{
	/* However many come, it is compared some ten times a second at most. */
	if (watch->compared_ms + WATCH_HINT_MS > WATCH_LEGACY_MS)
		watch->compared_ms = watch->compared_ms + WATCH_HINT_MS - WATCH_LEGACY_MS;
}

void watch_hint_links(struct watch *watch)
{
	uint64_t due = clock_ms() + WATCH_QUIET_MS;

	if (!watch->session->policy || !interfaces_named(watch->session->policy))
		return;
	/* The first of many counts, but they take no more of a processor than writes do. */
	due = due < watch->pace_ms ? watch->pace_ms : due;
	if (!watch->unannounced_ms || due < watch->unannounced_ms)
		watch->unannounced_ms = due;
}

/* Whether ip_tables, if it matters, has changed since the last look; notes when that was found. */
static int compare(struct watch *watch, bool *changed)
{
	const struct backend_ops *ops = compared(watch);
	uint64_t digest = 0;

	*changed = false;
	if (!ops)
		return 0;
	watch->compared_ms = clock_ms();
	if (ops->digest(&digest))
		return -1;
	*changed = !watch->has_digest || digest != watch->digest;
	watch->has_digest = true;
	watch->digest = digest;
	if (!*changed)
		return 0;
	if (watch->session->ops->digest)
		watch_docker_touched(&watch->docker);
	if (!watch->wrong_ms)
		watch->wrong_ms = watch->compared_ms;
	return 0;
}

bool watch_needs_look(struct watch *watch)
{
	bool changed = false;

	if (!compared(watch))
		return true;
	if (compare(watch, &changed)) {
		diag_forget();
		return true;
	}
	return changed || !watch_due(watch);
}

/* Writes; state gets what was read at the moment of the write. */
static int write_edits(struct watch *watch, struct state *state, struct edits *edits)
{
	struct edits first = { 0 };
	struct state before;
	int seen, status;

	if (watch->only_report)
		return 0;
	state_plan(watch->session, state, edits);
	if (!edits->n)
		return 0;
	seen = apply_seen(watch->session, state, edits);
	if (seen <= 0)
		return seen;
	/* What was written before a wait is in force, whatever follows. */
	if (seen == 2)
		edits_move_all(&first, edits);
	edits_clear(edits);
	before = *state;
	status = apply_plan(watch->session, &before, state, edits);
	state_clear(&before);
	edits_move_all(edits, &first);
	return status;
}

/*
 * What is in force now, for the next comparison: what was seen, if nothing was written. Sets
 * *wrong if it is not right.
 */
static int read_after(struct watch *watch, struct state *seen, bool written, bool *wrong)
{
	struct state now = { 0 };
	struct edits left = { 0 };

	if (written && state_read(watch->session, &now)) {
		state_clear(&now);
		return -1;
	}
	state_clear(&watch->last);
	watch->last = written ? now : *seen;
	if (!written)
		*seen = (struct state){ 0 };
	state_plan(watch->session, &watch->last, &left);
	*wrong = left.n > 0;
	edits_clear(&left);
	return 0;
}

static bool docker_lost(const struct watch *watch)
{
	const struct findings *findings = &watch->last.findings;

	for (size_t i = 0; i < findings->n; i++)
		if (findings->v[i].id == DOCKER_CHAINS_MISSING &&
		    findings->v[i].severity == SEVERITY_CRITICAL)
			return true;
	return false;
}

/*
 * Whether what is left is to be reported now: somebody has written, or it is not what was
 * reported last, whoever wrote. What comes and goes is reported later, as it is then.
 */
static bool tells_wrong(struct watch *watch)
{
	uint64_t now = clock_ms(), next = watch_told_next(&watch->told);
	const struct findings *left = &watch->last.findings;
	bool foreign = watch->writers.n;

	watch->told.due_ms = 0;
	if (!foreign && !watch_told_differs(&watch->told, left))
		return false;
	if (!foreign && now < next) {
		watch->told.due_ms = next;
		return false;
	}
	watch_told_note(&watch->told, left, foreign ? 0 : now);
	return true;
}

/* What is ignored is in no event, and counts for no status. */
static void report_look(struct watch *watch, struct state *seen, const struct edits *edits)
{
	const struct policy *policy = watch->session->policy;
	bool wrong;

	report_findings(&seen->findings, policy, NULL);
	watch->add(watch->data, &watch->last.findings);
	report_findings(&watch->last.findings, policy, NULL);
	report_mended(&seen->findings, &watch->last.findings);
	wrong = findings_severity(&watch->last.findings) != SEVERITY_OK;
	if (edits->n)
		tell(watch, WATCH_REPAIRED, edits, &seen->findings, 0);
	else if (!wrong && !watch->was_wrong && watch->writers.n)
		tell(watch, WATCH_FOREIGN, NULL, NULL, 0);
	if (edits->n && watch->undone.rounds == WATCH_ROUNDS)
		tell(watch, WATCH_CONTESTED, NULL, &seen->findings, 0);
	if (!wrong && watch->was_wrong)
		tell(watch, WATCH_RIGHT, NULL, NULL, 0);
	else if (wrong && tells_wrong(watch))
		tell(watch, WATCH_WRONG, NULL, &watch->last.findings, 0);
	if (!wrong)
		watch_told_forget(&watch->told);
	watch_undone_clear(&watch->undone);
	watch->was_wrong = wrong;
}

/* ---- a look ---- */

/*
 * The policy may be a new one. Which backend Docker uses changes only with a dockerd, or
 * when its chains go.
 */
static int choose(struct watch *watch)
{
	struct session *session = watch->session;

	session->known = watch_docker_backend(&watch->docker, session->backends, watch->dockerd);
	if (watch->chosen ? docker_families_read(session->backends, session->ops->kind, session->policy) : session_choose(session))
		return -1;
	watch->chosen = true;
	session->policy->own_guard = watch->took_guard;
	return 0;
}

static void note_dockerd(struct watch *watch)
{
	const struct dockerd *dockerd = &watch->last.dockerd;
	pid_t pid = dockerd->running ? dockerd->pid : 0;

	watch->docker_lost = docker_lost(watch);
	if (pid == watch->dockerd && !watch->docker_lost)
		return;
	watch->chosen = false;
	if (pid != watch->dockerd)
		watch->again_ms = clock_ms() + WATCH_QUIET_MS;
	watch->dockerd = pid;
}

/*
 * At each look, since others may have made the guard what it should be now: a copy of what it
 * was before would refuse whom it lets in. That it failed is no reason to look again.
 */
static void copy_guard(struct watch *watch)
{
	int status;

	if (watch->owns != OWN_UNTIL_END)
		return;
	status = apply_guard_copy(watch->session, &watch->last);
	if (status && !watch->copy_failed)
		diag_warning(status < 0 ? "the guard has no copy: others can flush it" :
			     "a table '" GUARD_COPY_TABLE "' is another program's, and stays: the guard "
			     "has no copy there, and others can flush it");
	watch->copy_failed = status != 0;
	if (status < 0)
		diag_forget();
}

/* What was read, repaired and read again. */
static int look_once(struct watch *watch, bool *wrong)
{
	struct edits edits = { 0 };
	struct state seen = { 0 };
	int status = choose(watch) || state_read(watch->session, &seen) ||
		     write_edits(watch, &seen, &edits) ||
		     read_after(watch, &seen, edits.n > 0, wrong) ? -1 : 0;

	if (!status)
		note_dockerd(watch);
	if (!status && edits.n)
		watch_undone_note(&watch->undone, &edits, clock_ms());
	if (!status)
		copy_guard(watch);
	if (!status)
		report_look(watch, &seen, &edits);
	state_clear(&seen);
	edits_clear(&edits);
	return status;
}

/*
 * After the first look: a guard that lacks only its owner was right, and that a watch takes it is
 * not a repair.
 */
static int take_guard(struct watch *watch)
{
	struct edits edits = { 0 };
	int status;

	if (watch->owns != OWN_PERSIST || watch->took_guard)
		return 0;
	watch->session->policy->own_guard = true;
	/* The copy with the closing rules, by which the guard is planned. */
	if (watch->last.completed)
		watch->last.completed->own_guard = true;
	status = apply_guard(watch->session, &watch->last, &edits);
	watch->took_guard = !status;
	/* What is in force now is read at the next look. */
	watch->again_ms = clock_ms();
	edits_clear(&edits);
	return status;
}

/* Docker's own chains; sets whether something was brought back. */
static int look_at_docker(struct watch *watch, bool *done)
{
	struct watch_restored restored = { 0 };
	int status;

	if (watch->only_report) {
		watch_docker_clear(&watch->docker);
		return 0;
	}
	status = watch_docker_look(&watch->docker, watch->session, &watch->last.dockerd,
				   watch->docker_lost, &restored);
	*done = restored.edits.n > 0;
	if (*done)
		tell(watch, WATCH_RESTORED, &restored.edits, &watch->last.findings, restored.left_out);
	edits_clear(&restored.edits);
	return status;
}

/*
 * Whether who is closed out depends on docker-proxies, on Docker's networks, or on what the host's
 * own firewall looks up; or on interfaces, if nothing announces these.
 */
static bool needs_unannounced(const struct watch *watch)
{
	const struct policy *policy = watch->session->policy;

	return policy->unlisted == UNLISTED_REFUSE || policy->direct == DIRECT_REFUSE ||
	       policy_follows_host(policy) || (!watch->has_links && interfaces_named(policy));
}

int watch_look(struct watch *watch)
{
	uint64_t spent = clock_cpu_us(), pause;
	bool wrong = false, restored = false, changed;

	deadline_start(watch->timeout);
	watch->looks++;
	watch->first_ms = watch->latest_ms = watch->again_ms = watch->unannounced_ms = 0;
	/* A set that was missing may exist by now. */
	refusals_clear(&watch->session->refused);
	if ((!watch->has_digest && compare(watch, &changed)) ||
	    look_once(watch, &wrong) || take_guard(watch) || look_at_docker(watch, &restored)) {
		watch->again_ms = watch->failed_ms = clock_ms() + WATCH_FAILED_MS;
		return -1;
	}
	watch->failed_ms = 0;
	if (restored)
		watch->again_ms = clock_ms();
	else if (wrong && !watch->only_report)
		watch->again_ms = clock_ms() + WATCH_QUIET_MS + watch_pause(watch->undone.rounds);
	else
		watch->wrong_ms = 0;
	if (!watch->again_ms && watch->session->refused.guard)
		watch->again_ms = clock_ms() + WATCH_REFUSED_MS;
	writers_clear(&watch->writers);
	spent = clock_cpu_us() - spent;
	watch->pace_ms = clock_ms() + spent * WATCH_PACE / 1000;
	pause = spent * WATCH_UNANNOUNCED_PACE / 1000;
	pause = pause > WATCH_UNANNOUNCED_MS ? pause : WATCH_UNANNOUNCED_MS;
	if (needs_unannounced(watch))
		watch->unannounced_ms = clock_ms() + pause;
	return 0;
}
