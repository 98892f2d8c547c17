/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "check_docker.h"
#include "check_interfaces.h"
#include "check_ports.h"
#include "check_proxy.h"
#include "check_split.h"
#include "closing.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "docker_proxies.h"
#include "dockerd_find.h"
#include "guard.h"
#include "guard_names.h"
#include "interface_names.h"
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
	snapshot_free(state->other);
	policy_free(state->completed);
	strings_clear(&state->interfaces);
	findings_clear(&state->findings);
	dockerd_clear(&state->dockerd);
	*state = (struct state){ 0 };
}

const struct policy *state_policy(const struct session *session, const struct state *state)
{
	return state->completed ? state->completed : session->policy;
}

const struct snapshot *state_guard(const struct state *state)
{
	const struct snapshot *nft = state->snapshot->backend == BACKEND_NFT ? state->snapshot
									     : state->other;

	return nft && !nft->absent ? nft : NULL;
}

void state_plan(const struct session *session, const struct state *state, struct edits *edits)
{
	const struct policy *policy = state_policy(session, state);

	plan(policy, state->snapshot, edits);
	if (!session->guard_refused)
		guard_plan(policy, state->snapshot, state_guard(state), edits);
}

bool state_same(const struct state *a, const struct state *b)
{
	return snapshot_same(a->snapshot, b->snapshot) &&
	       (!a->other || !b->other || snapshot_same(a->other, b->other));
}

/* nat is needed to see whether Docker's chains are complete, which matters while it runs. */
const char *const *state_tables(const struct dockerd *dockerd)
{
	static const char *const with_nat[] = { "filter", DOCKER_NFT_TABLE, GUARD_TABLE, "nat", NULL };
	static const char *const without[] = { "filter", DOCKER_NFT_TABLE, GUARD_TABLE, NULL };

	return dockerd->running ? with_nat : without;
}

/* Cheap if the other backend is empty, as on most hosts. */
static int read_other(const struct session *session, struct state *state)
{
	static const char *const tables[] = { "filter", GUARD_TABLE, NULL };
	const struct backend_ops *other = session->backends[session->ops->kind == BACKEND_NFT ? BACKEND_LEGACY
									   : BACKEND_NFT];

	if (snapshot_read(other, session->policy, tables, select_other, &state->other))
		return -1;
	if (!state_guard(state))
		diag_step(1, "this kernel has no nf_tables: there is no guard, only DOCKER-USER");
	return 0;
}

static int read_interfaces(struct strings *interfaces)
{
	if (!interface_names(interfaces))
		return 0;
	diag_error("cannot list the interfaces of this host: %s", strerror(errno));
	return -1;
}

static int read_closing(const struct session *session, struct state *state)
{
	struct proxies proxies = { 0 };
	const struct closing_facts facts = {
		.snapshot = state->snapshot, .own = state_guard(state), .dockerd = &state->dockerd,
		.proxies = &proxies, .interfaces = &state->interfaces,
	};
	int status = 0;

	if (session->policy->unlisted == UNLISTED_REFUSE && state->dockerd.running)
		status = proxies_read(&proxies);
	if (!status)
		state->completed = closing_policy(session->policy, &facts);
	proxies_clear(&proxies);
	return status;
}

int state_complete(const struct session *session, struct state *state)
{
	bool closing = closing_needed(session->policy);

	if (read_other(session, state) ||
	    ((closing || interfaces_named(session->policy)) && read_interfaces(&state->interfaces)))
		return -1;
	return closing ? read_closing(session, state) : 0;
}

void state_check(const struct session *session, struct state *state)
{
	const struct policy *policy = state_policy(session, state);

	check(policy, state->snapshot, &state->dockerd, &state->findings);
	guard_check(policy, state->snapshot, state_guard(state), &state->dockerd, &state->findings);
	check_split(policy, state->snapshot, state->other, &state->findings);
	if (interfaces_named(session->policy))
		check_interfaces(session->policy, &state->interfaces, &state->findings);
}

int state_read(const struct session *session, struct state *state)
{
	*state = (struct state){ 0 };
	deadline_step("reading the filter tables");
	if (dockerd_find(&state->dockerd) ||
	    snapshot_read(session->ops, session->policy, state_tables(&state->dockerd), select_judged,
			  &state->snapshot) ||
	    state_complete(session, state))
		return -1;
	state_check(session, state);
	return 0;
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
		same = state_same(&before, state);
		state_clear(&before);
		if (same)
			break;
	}
	return 0;
}

static bool has_guard_finding(const struct state *state)
{
	return findings_count(&state->findings, GUARD_MISSING, FAMILY_COUNT) ||
	       findings_count(&state->findings, GUARD_DIFFERS, FAMILY_COUNT);
}

/* The families whose guard is right, as bits 1U << FAMILY_…. */
static unsigned int guarded_families(const struct session *session, const struct state *state)
{
	unsigned int guarded = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (guard_state(state_policy(session, state), state->snapshot, state_guard(state),
				(enum family)family) == GUARD_RIGHT)
			guarded |= 1U << family;
	return guarded;
}

/* Docker's own nf_tables backend translates in a table that is not read. */
static bool uses_nftables(const struct state *state)
{
	return docker_has_nftables(state->snapshot, FAMILY_IPV4) ||
	       docker_has_nftables(state->snapshot, FAMILY_IPV6);
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
	if (!(session->policy->families & ~filtered) && !facts && !has_guard_finding(state))
		return 0;
	status = proxies_read(&proxies);
	if (!status)
		status = snapshot_read(session->ops, session->policy, nat, select_docker_nat, &snapshot);
	if (!status)
		check_proxies(state_policy(session, state), snapshot, &proxies, filtered,
			      guarded_families(session, state), facts, &state->findings);
	if (!status && facts)
		check_ports(session->policy, snapshot, &proxies, !uses_nftables(state),
			    &state->findings);
	snapshot_free(snapshot);
	proxies_clear(&proxies);
	return status;
}

static bool needs_repair(const struct session *session, const struct state *state)
{
	struct edits edits = { 0 };
	bool any;

	state_plan(session, state, &edits);
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
	*changed = !state_same(state, &next);
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
