/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe.h"

#include "check.h"
#include "check_docker.h"
#include "check_proxy.h"
#include "check_split.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "docker_proxies.h"
#include "dockerd_find.h"
#include "other_filters.h"
#include "patience.h"
#include "plan.h"
#include "read_set.h"
#include "snapshot_read.h"
#include "table_events.h"
#include "util.h"

void state_clear(struct state *state)
{
	snapshot_free(state->snapshot);
	findings_clear(&state->findings);
	dockerd_clear(&state->dockerd);
	*state = (struct state){ 0 };
}

/* nat is needed to see whether Docker's chains are complete, which matters while it runs. */
const char *const *state_tables(const struct dockerd *dockerd)
{
	static const char *const with_nat[] = { "filter", DOCKER_NFT_TABLE, "nat", NULL };
	static const char *const without[] = { "filter", DOCKER_NFT_TABLE, NULL };

	return dockerd->running ? with_nat : without;
}

/* Checks the other backend; cheap if it is empty, as on most hosts. */
static int read_other(const struct session *session, struct state *state)
{
	static const char *const filter[] = { "filter", NULL };
	const struct backend_ops *other = session->backends[session->ops->kind == BACKEND_NFT ? BACKEND_LEGACY
									   : BACKEND_NFT];
	struct snapshot *snapshot = NULL;

	if (snapshot_read(other, session->policy, filter, select_forward, &snapshot))
		return -1;
	check_split(session->policy, state->snapshot, snapshot, &state->findings);
	snapshot_free(snapshot);
	return 0;
}

int state_read(const struct session *session, struct state *state)
{
	*state = (struct state){ 0 };
	deadline_step("reading the filter tables");
	if (dockerd_find(&state->dockerd) ||
	    snapshot_read(session->ops, session->policy, state_tables(&state->dockerd), select_judged,
			  &state->snapshot))
		return -1;
	check(session->policy, state->snapshot, &state->dockerd, &state->findings);
	return read_other(session, state);
}

int state_settle(const struct session *session, struct state *state)
{
	uint64_t end = clock_ms() + SETTLE_MS;

	if (state_read(session, state))
		return -1;
	/* Without dockerd the state is not in transition. */
	while (state->dockerd.running && findings_severity(&state->findings) != SEVERITY_OK &&
	       clock_ms() < end) {
		struct state before = *state;
		bool same;

		*state = (struct state){ 0 };
		diag_step(2, "not as configured; reading again in %d ms", SETTLE_STEP_MS);
		sleep_ms(SETTLE_STEP_MS);
		if (deadline_check() || state_read(session, state)) {
			state_clear(&before);
			return -1;
		}
		same = snapshot_same(before.snapshot, state->snapshot);
		state_clear(&before);
		if (same)
			break;
	}
	return 0;
}

/*
 * INPUT decides on docker-proxy's listeners. If it is filtered in every family, they
 * are only information for -v and otherwise not looked for: a host can have tens of
 * thousands of them.
 */
int state_add_proxies(const struct session *session, bool facts, struct state *state)
{
	static const char *const nat[] = { "nat", NULL };
	struct proxies proxies = { 0 };
	struct snapshot *snapshot = NULL;
	unsigned int filtered = 0;
	int status;

	if (!state->dockerd.running)
		return 0;
	deadline_step("checking INPUT and docker-proxy");
	if (input_filtered(session->backends, &filtered))
		return -1;
	if (!(session->policy->families & ~filtered) && !facts)
		return 0;
	status = proxies_read(&proxies);
	if (!status)
		status = snapshot_read(session->ops, session->policy, nat, select_docker_nat, &snapshot);
	if (!status)
		check_proxies(session->policy, snapshot, &proxies, filtered, facts,
			      &state->findings);
	snapshot_free(snapshot);
	proxies_clear(&proxies);
	return status;
}

static bool needs_repair(const struct session *session, const struct state *state)
{
	struct edits edits = { 0 };
	bool any;

	plan(session->policy, state->snapshot, &edits);
	any = edits.n > 0;
	edits_clear(&edits);
	return any;
}

/* Replaces the state by a newer one; sets changed if the tables differ. */
static int renew(const struct session *session, struct state *state, bool *changed)
{
	struct state next;

	if (state_settle(session, &next)) {
		state_clear(&next);
		return -1;
	}
	*changed = !snapshot_same(state->snapshot, next.snapshot);
	state_clear(state);
	*state = next;
	return 0;
}

int state_stay(const struct session *session, uint64_t end, struct state *state)
{
	struct table_events *events = table_events_open(session->ops->kind);
	uint64_t now = clock_ms(), quiet = now + QUIET_MS;
	int status = events ? 0 : -1;
	bool changed = false;

	deadline_step("waiting until the tables stop changing");
	while (!status && now < quiet && now < end) {
		uint64_t until = quiet < end ? quiet : end;

		status = table_events_wait(events, (unsigned int)(until - now));
		sleep_ms(BURST_MS);
		if (status || renew(session, state, &changed) || deadline_check())
			status = -1;
		now = clock_ms();
		if (changed)
			quiet = now + QUIET_MS;
		if (!status && needs_repair(session, state))
			status = 1;
	}
	table_events_close(events);
	return status;
}

/* Whether dockerd runs and its chains are complete. */
static bool is_complete(const struct session *session, const struct state *state)
{
	struct findings findings = { 0 };
	bool complete = state->dockerd.running;

	check_docker(session->policy, state->snapshot, &state->dockerd, &findings);
	complete &= !findings_count(&findings, DOCKER_CHAINS_MISSING, FAMILY_COUNT);
	findings_clear(&findings);
	return complete;
}

int docker_wait(struct session *session, unsigned int seconds)
{
	uint64_t now = clock_ms(), end = now + (uint64_t)seconds * 1000;
	struct table_events *events = table_events_open(BACKEND_NFT);
	bool complete = false;
	int status = events ? 0 : -1;

	while (!status && !complete && now < end) {
		struct state state = { 0 };

		status = session_choose(session) || state_read(session, &state) ? -1 : 0;
		complete = !status && is_complete(session, &state);
		state_clear(&state);
		now = clock_ms();
		deadline_step("waiting for Docker's chains");
		/* Legacy tables and dockerd itself send no events: check again anyway. */
		if (!status && !complete && now < end)
			status = table_events_wait(events, end - now < WAIT_STEP_MS ?
						   (unsigned int)(end - now) : WAIT_STEP_MS);
		if (!status)
			status = deadline_check();
	}
	table_events_close(events);
	return status;
}
