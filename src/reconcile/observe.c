/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "check_direct.h"
#include "check_docker.h"
#include "check_elsewhere.h"
#include "check_families.h"
#include "check_hidden.h"
#include "check_interfaces.h"
#include "check_leftover.h"
#include "check_ports.h"
#include "check_proxy.h"
#include "check_split.h"
#include "check_stray.h"
#include "check_void.h"
#include "closing.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "docker_proxies.h"
#include "dockerd_find.h"
#include "guard.h"
#include "guard_names.h"
#include "host_depends.h"
#include "host_openings.h"
#include "interface_names.h"
#include "links_read.h"
#include "netinfo_read.h"
#include "patience.h"
#include "plan.h"
#include "read_set.h"
#include "refused.h"
#include "rule_bridge.h"
#include "snapshot_read.h"
#include "table_events.h"
#include "util.h"
#include "world_read.h"

/* What the host's own firewall lets in, and what that is derived from. */
struct state_host {
	struct read_world world;
	struct host_openings *openings;
	struct host_depends depends;
};

static void state_host_free(struct state_host *host)
{
	if (!host)
		return;
	host_openings_free(host->openings);
	host_depends_clear(&host->depends);
	world_clear(&host->world);
	free(host);
}

void state_clear(struct state *state)
{
	state_host_free(state->host);
	snapshot_free(state->snapshot);
	snapshot_free(state->other);
	policy_free(state->completed);
	strings_clear(&state->interfaces);
	links_clear(&state->links);
	netinfo_clear(&state->net);
	proxies_clear(&state->proxies);
	split_known_clear(&state->split);
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
	guard_plan(policy, state->snapshot, state_guard(state), edits);
	refusals_leave_out(&session->refused, edits);
}

bool state_same(const struct state *a, const struct state *b)
{
	return snapshot_same(a->snapshot, b->snapshot) &&
	       (!a->other || !b->other || snapshot_same(a->other, b->other));
}

/* nat is needed to see whether Docker's chains are complete, which matters while it may run. */
const char *const *state_tables(const struct dockerd *dockerd)
{
	static const char *const with_nat[] = { "filter", DOCKER_NFT_TABLE, GUARD_TABLE, "nat", NULL };
	static const char *const without[] = { "filter", DOCKER_NFT_TABLE, GUARD_TABLE, NULL };

	return dockerd_counts(dockerd) ? with_nat : without;
}

/* Cheap if the other backend is empty, as on most hosts. */
static int read_other(const struct session *session, struct state *state)
{
	static const char *const tables[] = { "filter", GUARD_TABLE, DOCKER_NFT_TABLE, NULL };
	const struct backend_ops *other = session->backends[session->ops->kind == BACKEND_NFT ? BACKEND_LEGACY
									   : BACKEND_NFT];

	if (snapshot_read(other, session->policy, tables, select_other, &state->other))
		return -1;
	/* Without a backend that is set, what the other one has is a leftover of Docker's. */
	session->policy->docker.elsewhere = session->configured->backend != CHOICE_AUTO &&
					    docker_is_elsewhere(state->snapshot, state->other);
	/* Whatever backend is chosen, what is decided depends on them. */
	if (other->kind == BACKEND_NFT)
		snapshot_copy_tables(state->snapshot, state->other, DOCKER_NFT_TABLE);
	if (!state_guard(state))
		diag_step(1, "this kernel has no nf_tables: there is no guard, only DOCKER-USER");
	return 0;
}

static int list_interfaces(const struct strings *names, struct state *state)
{
	if (interface_names(&state->interfaces)) {
		diag_error("cannot read '" INTERFACES_FILE "', the list of this host's interfaces: %s",
			   strerror(errno));
		return -1;
	}
	if (!links_read(names, &state->links))
		return 0;
	if (errno)
		diag_error("cannot read the configured interfaces from the kernel: %s", strerror(errno));
	return -1;
}

/* Once, since most configurations need none of it. */
static int read_net(struct state *state)
{
	if (state->has_net)
		return 0;
	state->has_net = true;
	return netinfo_read(&state->net);
}

static int read_interfaces(const struct session *session, struct state *state)
{
	struct strings names = { 0 };
	int status;

	if (policy_has_both_ends(session->policy) && read_net(state))
		return -1;
	interface_names_wanted(session->policy, state->has_net ? &state->net : NULL, &names);
	status = list_interfaces(&names, state);
	strings_clear(&names);
	return status;
}

/* Looking at each process of the host once is enough for one state. */
static int read_proxies(struct state *state)
{
	if (state->has_proxies)
		return 0;
	state->has_proxies = true;
	return proxies_read(&state->proxies);
}

static int read_closing(const struct session *session, struct state *state)
{
	const struct policy *policy = session->policy;
	bool running = state->dockerd.running;
	bool unnamed = dockerd_counts(&state->dockerd) && closing_names_none(policy, state->snapshot);
	const struct closing_facts facts = {
		.snapshot = state->snapshot, .own = state_guard(state), .dockerd = &state->dockerd,
		.proxies = &state->proxies, .interfaces = &state->interfaces,
		.net = unnamed ? &state->net : NULL,
	};
	int status = 0;

	if (running && (policy->unlisted == UNLISTED_REFUSE || unnamed))
		status = read_proxies(state);
	if (!status && unnamed)
		status = read_net(state);
	if (!status)
		state->completed = closing_policy(policy, &facts);
	if (!status && direct_needs_net(state->completed))
		status = read_net(state);
	return status;
}

bool state_follows(const struct state *state, int family, const char *table, const char *chain,
		   bool itself, uint64_t handle)
{
	return state->host &&
	       host_depends_on(&state->host->depends, family, table, chain, itself, handle);
}

/* Since a commit is tied to what was read before, what is read now belongs to it, or it fails. */
static int read_host_firewall(const struct session *session, struct state *state)
{
	struct state_host *host = xcalloc(1, sizeof(*host));
	struct host_facts facts;

	state->host = host;
	if (!state_guard(state)) {
		diag_error("\"host-firewall\" needs nf_tables, where the guard holds it, and this kernel "
			   "has none: write the addresses into publish sections instead");
		return -1;
	}
	deadline_step("reading the host's own firewall");
	if (world_read(session, &host->world))
		return -1;
	facts = (struct host_facts){
		.snapshot = host->world.snapshot, .guard = host->world.guard,
		.others = &host->world.others, .info = &host->world.info,
		.sets = &host->world.sets,
	};
	deadline_step("following packets to the host");
	host_depends_find(&facts, &host->depends);
	host->openings = host_openings(session->policy, &facts);
	state->completed->openings = host_openings_of(host->openings);
	return host->openings ? 0 : -1;
}

int state_complete(const struct session *session, struct backend *backend, struct state *state)
{
	bool closing = closing_needed(session->policy);

	if (read_other(session, state) ||
	    split_known_read(session, backend, state->snapshot, state->other, &state->split) ||
	    ((closing || interfaces_named(session->policy)) && read_interfaces(session, state)))
		return -1;
	if (closing && read_closing(session, state))
		return -1;
	if (policy_follows_host(session->policy) && read_host_firewall(session, state))
		return -1;
	state_refuse(session, state);
	return 0;
}

void state_refuse(const struct session *session, struct state *state)
{
	if (!session->refused.n && !session->refused.others)
		return;
	if (!state->completed)
		state->completed = policy_canonical(session->policy, session->policy->families, NULL);
	refusals_mark(&session->refused, state->completed);
}

/* What this run could not write, a repair right after it could not. */
static void note_left_out(const struct session *session, struct findings *findings)
{
	static const struct remedy refused = {
		"the kernel refuses the guard, for the reason printed above", RUN_NONE, NULL,
	};

	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->v[i];

		if ((finding->id != GUARD_MISSING && finding->id != GUARD_DIFFERS &&
		     finding->id != DOCKER_NFTABLES) || !finding->repairable ||
		    !(session->refused.guard & 1U << finding->family))
			continue;
		finding->repairable = false;
		finding->remedy = &refused;
	}
}

void state_check(const struct session *session, struct state *state)
{
	const struct policy *policy = state_policy(session, state);
	const struct split_facts split = split_known_facts(&state->split);
	const struct interface_facts interfaces = {
		.present = &state->interfaces, .links = &state->links,
		.families = families_in_force(policy, state->snapshot) |
			    families_guarded_only(policy, state->snapshot),
		.net = state->has_net ? &state->net : NULL,
	};

	check_families(policy, &state->findings);
	check_left_families(policy, &state->findings);
	check_hidden(policy, &state->dockerd, &state->findings);
	check_void(policy, state->snapshot, state_guard(state), &state->findings);
	check(policy, state->snapshot, &state->dockerd, &state->findings);
	check_docker_bridges(policy, state->snapshot, &state->dockerd, &state->findings);
	check_direct(policy, &state->links, state->has_net ? &state->net : NULL, &state->findings);
	check_docker_native(policy, state->snapshot, state_guard(state), &state->findings);
	check_leftover(policy, state->snapshot, state->other, &state->dockerd, &state->findings);
	guard_check(policy, state->snapshot, state_guard(state), &state->dockerd, &state->findings);
	note_left_out(session, &state->findings);
	if (state->host)
		check_host_openings(policy, state->host->openings, &state->findings);
	check_refused(policy, families_in_force(policy, state->snapshot), &state->findings);
	check_split(policy, state->snapshot, state->other, &split, &state->findings);
	if (interfaces_named(session->policy))
		check_interfaces(session->policy, &interfaces, &state->findings);
	state->whole = true;
}

int state_find_dockerd(const struct session *session, struct state *state)
{
	if (dockerd_find(&state->dockerd))
		return -1;
	session->policy->docker.firewall = state->dockerd.firewall;
	return 0;
}

int state_read(const struct session *session, struct state *state)
{
	*state = (struct state){ 0 };
	deadline_step("reading the filter tables");
	if (state_find_dockerd(session, state) ||
	    snapshot_read(session->ops, session->policy, state_tables(&state->dockerd), select_judged,
			  &state->snapshot) ||
	    state_complete(session, NULL, state))
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
	while (dockerd_counts(&state->dockerd) && findings_severity(&state->findings) != SEVERITY_OK &&
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

/* The families in which Docker translates in its own table, as bits 1U << FAMILY_…. */
static unsigned int nftables_families(const struct state *state)
{
	unsigned int families = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (docker_has_nftables(state->snapshot, (enum family)family))
			families |= 1U << family;
	return families;
}

/* Borrows all of them. */
static struct proxy_facts proxy_facts_of(const struct read_world *world,
					 const struct proxies *proxies, const struct state *state)
{
	return (struct proxy_facts){
		.snapshot = world->snapshot, .guard = world->guard, .others = &world->others,
		.info = &world->info, .sets = &world->sets, .proxies = proxies,
		.dockerd = &state->dockerd, .nftables = nftables_families(state),
	};
}

static int judge_proxies(const struct session *session, const struct proxies *proxies, bool facts,
			 struct state *state)
{
	struct read_world world;
	int status = world_read(session, &world);

	if (!status) {
		const struct proxy_facts known = proxy_facts_of(&world, proxies, state);

		deadline_step("following packets to docker-proxy");
		status = check_proxies(state_policy(session, state), &known, facts,
				       &state->findings);
	}
	world_clear(&world);
	return status;
}

static int judge_ports(const struct session *session, const struct proxies *proxies,
		       struct state *state)
{
	static const char *const nat[] = { "nat", NULL };
	unsigned int native = nftables_families(state);
	struct read_world world = { 0 };
	struct snapshot *snapshot = NULL;
	int status = snapshot_read(session->ops, session->policy, nat, select_docker_nat, &snapshot);

	if (!status && native)
		status = world_read(session, &world);
	if (!status) {
		const struct proxy_facts known = proxy_facts_of(&world, proxies, state);

		check_ports(session->policy, snapshot, proxies, native ? &known : NULL, true,
			    &state->findings);
	}
	world_clear(&world);
	snapshot_free(snapshot);
	return status;
}

int state_add_stray(const struct session *session, struct state *state)
{
	static const char *const filter[] = { "filter", NULL };
	const struct policy *policy = state_policy(session, state);
	struct snapshot *snapshot = NULL;

	/* Of a broken configuration it is not known what is no longer in it. */
	if (policy->keep_rules)
		return 0;
	if (snapshot_read(session->ops, policy, filter, select_stray, &snapshot))
		return -1;
	check_stray(policy, snapshot, &state->findings);
	snapshot_free(snapshot);
	return 0;
}

/* Without a listener nothing else is read: whole tables can have 100,000 rules. */
int state_add_proxies(const struct session *session, const struct docker_elsewhere *elsewhere,
		      bool facts, struct state *state)
{
	int status;

	check_elsewhere(elsewhere, &state->findings);
	if (!state->dockerd.running)
		return 0;
	deadline_step("looking for docker-proxy");
	status = read_proxies(state);
	if (!status)
		check_proxied_families(session->policy, &state->proxies, &state->findings);
	if (!status && state->proxies.n)
		status = judge_proxies(session, &state->proxies, facts, state);
	if (!status && facts)
		status = judge_ports(session, &state->proxies, state);
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
	bool complete = dockerd_counts(&state->dockerd);

	check_docker(session->policy, state->snapshot, &state->dockerd, &findings);
	complete &= !findings_count(&findings, DOCKER_CHAINS_MISSING, FAMILY_COUNT);
	findings_clear(&findings);
	return complete;
}

static bool is_absent(const struct state *state)
{
	bool absent = !dockerd_counts(&state->dockerd);

	for (int family = 0; family < FAMILY_COUNT; family++)
		absent &= !docker_has_chains(state->snapshot, (enum family)family);
	return absent;
}

int docker_wait(struct session *session, unsigned int seconds, bool restarted)
{
	uint64_t now = clock_ms(), end = now + (uint64_t)seconds * 1000, until = end;
	uint64_t absent_end = restarted || end < now + DOCKER_ABSENT_MS ? end : now + DOCKER_ABSENT_MS;
	struct table_events *events = table_events_open(BACKEND_NFT);
	bool complete = false;
	int status = events ? 0 : -1;

	while (!status && !complete && now < until) {
		struct state state = { 0 };

		status = session_choose(session) || state_read(session, &state) ? -1 : 0;
		complete = !status && is_complete(session, &state);
		until = !status && is_absent(&state) ? absent_end : end;
		state_clear(&state);
		now = clock_ms();
		deadline_step("waiting for Docker's chains");
		/* Legacy tables and dockerd itself send no events: check again anyway. */
		if (!status && !complete && now < until) {
			diag_wait("Docker's chains to be complete", (unsigned int)(until - now));
			status = table_events_wait(events, until - now < WAIT_STEP_MS ?
						   (unsigned int)(until - now) : WAIT_STEP_MS);
		}
		if (!status)
			status = deadline_check();
	}
	table_events_close(events);
	return status;
}
