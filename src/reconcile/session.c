/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "patience.h"
#include "plan.h"
#include "reach.h"
#include "read_set.h"
#include "table_events.h"

/* Where the time runs out from there on, it is told that a write was made. */
#define BEHIND_THE_WRITE "looking again, behind the write"

void policy_override(struct policy *policy, const struct options *options)
{
	if (options->families)
		policy->families = options->families;
	if (options->backend)
		policy->backend = !strcmp(options->backend, "auto") ? CHOICE_AUTO :
				  !strcmp(options->backend, "nft") ? CHOICE_NFT : CHOICE_LEGACY;
}

static const struct backend_ops *choose(const struct policy *policy)
{
	if (policy->backend == CHOICE_AUTO)
		return backend_detect(policy->families);
	return policy->backend == CHOICE_NFT ? &backend_nft : &backend_legacy;
}

/*
 * Without IPv6 in the kernel (ipv6.disable=1) there is none of its packets, and
 * ip6_tables cannot be had: a repair that wanted both would lay neither.
 */
static int leave_out_absent(struct policy *policy)
{
	const unsigned int ipv6 = 1U << FAMILY_IPV6;

	if (!(policy->families & ipv6) || !access("/proc/self/net/if_inet6", F_OK) ||
	    errno != ENOENT || access("/proc/self/net/dev", F_OK))
		return 0;
	policy->families &= ~ipv6;
	diag_step(1, "this kernel has no IPv6: it is left out");
	if (policy->families)
		return 0;
	diag_error("IPv6 alone is asked for, which this kernel does not have; look at ipv4, too");
	return -1;
}

const struct backend_ops *session_backend(struct policy *policy)
{
	const struct backend_ops *ops = leave_out_absent(policy) ? NULL : choose(policy);

	if (ops)
		policy_set_canonical(policy, ops->as_read);
	return ops;
}

void state_clear(struct state *state)
{
	snapshot_free(state->snapshot);
	findings_clear(&state->findings);
	*state = (struct state){ 0 };
}

/* nat tells whether Docker's chains are whole, which matters while it runs. */
static const char *const judged[] = { "filter", DOCKER_NFT_TABLE, "nat", NULL };
static const char *const judged_alone[] = { "filter", DOCKER_NFT_TABLE, NULL };

static int read_once(struct backend *backend, const struct policy *policy,
		     const char *const *tables, next_chain *next, struct snapshot **result)
{
	struct snapshot *snapshot = snapshot_new(backend->ops->kind);
	struct table *table;
	struct chain *chain;
	int status = BACKEND_OK;

	for (int family = 0; family < FAMILY_COUNT && !status; family++)
		for (size_t t = 0; tables[t] && !status; t++)
			if (policy->families & (1U << family))
				status = backend->ops->read_table(backend, snapshot,
								  (enum family)family, tables[t]);
	while (!status && (chain = next(policy, snapshot, &table)))
		status = backend->ops->read_chain(backend, snapshot, table, chain);
	if (!status)
		status = backend->ops->verify(backend, snapshot);
	if (status) {
		snapshot_free(snapshot);
		return status;
	}
	*result = snapshot;
	return BACKEND_OK;
}

struct chain *next_of_all(const struct policy *policy, const struct snapshot *snapshot,
			  struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		*table = snapshot->tables[t];
		for (size_t c = 0; c < (*table)->nchains; c++)
			if (!(*table)->chains[c]->loaded)
				return (*table)->chains[c];
	}
	return NULL;
}

/* The chain of that name in each table, and what its rules lead to. */
static struct chain *next_behind(const struct snapshot *snapshot, struct table **table,
				 const char *name)
{
	struct chain *missing = NULL;

	for (size_t t = 0; t < snapshot->ntables && !missing; t++) {
		struct reach *reach = reach_new(snapshot->tables[t], NULL);
		struct chain *chain = table_chain(snapshot->tables[t], name);

		*table = snapshot->tables[t];
		if (chain && !chain->loaded)
			missing = chain;
		for (size_t i = 0; chain && i < chain->nrules && !missing; i++)
			missing = reach_unloaded(reach, chain->rules[i]);
		reach_free(reach);
	}
	return missing;
}

struct chain *next_of_user(const struct policy *policy, const struct snapshot *snapshot,
			   struct table **table)
{
	(void)policy;
	return next_behind(snapshot, table, DOCKER_USER);
}

int snapshot_read(const struct backend_ops *ops, const struct policy *policy,
		  const char *const *tables, next_chain *next, struct snapshot **snapshot)
{
	unsigned int tries = 0;
	int status;

	do {
		struct backend *backend = ops->open(false);

		if (!backend)
			return -1;
		status = read_once(backend, policy, tables, next, snapshot);
		ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}

static struct chain *next_of_forward(const struct policy *policy, const struct snapshot *snapshot,
				     struct table **table)
{
	(void)policy;
	return next_behind(snapshot, table, "FORWARD");
}

/* What the other backend holds; cheap where that is nothing, as on most hosts. */
static int read_other(const struct backend_ops *ops, const struct policy *policy,
		      struct state *state)
{
	static const char *const filter[] = { "filter", NULL };
	const struct backend_ops *other = ops->kind == BACKEND_NFT ? &backend_legacy : &backend_nft;
	struct snapshot *snapshot = NULL;

	if (snapshot_read(other, policy, filter, next_of_forward, &snapshot))
		return -1;
	check_split(policy, state->snapshot, snapshot, &state->findings);
	snapshot_free(snapshot);
	return 0;
}

int state_read(const struct backend_ops *ops, const struct policy *policy, struct state *state)
{
	*state = (struct state){ 0 };
	deadline_step("reading the filter tables");
	if (docker_look(&state->docker) ||
	    snapshot_read(ops, policy, state->docker.running ? judged : judged_alone, scope_next,
			  &state->snapshot))
		return -1;
	check(policy, state->snapshot, &state->docker, &state->findings);
	return read_other(ops, policy, state);
}

int state_settle(const struct backend_ops *ops, const struct policy *policy, struct state *state)
{
	uint64_t end = clock_ms() + SETTLE_MS;

	if (state_read(ops, policy, state))
		return -1;
	/* Without dockerd nothing is on its way to another state. */
	while (state->docker.running && findings_severity(&state->findings) != SEVERITY_OK &&
	       clock_ms() < end) {
		struct state before = *state;
		bool same;

		*state = (struct state){ 0 };
		diag_step(2, "not right; reading again in %d ms", SETTLE_STEP_MS);
		sleep_ms(SETTLE_STEP_MS);
		if (deadline_check() || state_read(ops, policy, state)) {
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

static int write_once(struct backend *backend, const struct policy *policy, struct state *base,
		      struct edits *edits)
{
	int status = read_once(backend, policy, base->docker.running ? judged : judged_alone,
			       scope_next, &base->snapshot);

	if (status)
		return status;
	check(policy, base->snapshot, &base->docker, &base->findings);
	plan(policy, base->snapshot, edits);
	return edits->n ? backend->ops->commit(backend, base->snapshot, edits) : BACKEND_OK;
}

int repair_once(const struct backend_ops *ops, const struct policy *policy, struct state *base,
		struct edits *edits)
{
	unsigned int tries = 0;
	int status;

	*base = (struct state){ 0 };
	deadline_step("repairing");
	do {
		struct backend *backend;

		edits_clear(edits);
		state_clear(base);
		if (docker_look(&base->docker))
			return -1;
		backend = ops->open(true);
		if (!backend)
			return -1;
		status = write_once(backend, policy, base, edits);
		ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	if (!status && edits->n)
		deadline_step(BEHIND_THE_WRITE);
	return status ? -1 : 0;
}

int repair_seen(const struct backend_ops *ops, const struct state *seen,
		const struct edits *edits)
{
	struct backend *backend;
	int status;

	if (ops->kind != BACKEND_NFT)
		return 1;
	deadline_step("repairing");
	backend = ops->open(true);
	if (!backend)
		return -1;
	status = ops->commit(backend, seen->snapshot, edits);
	ops->close(backend);
	if (!status)
		deadline_step(BEHIND_THE_WRITE);
	return status == BACKEND_CHANGED ? 1 : status ? -1 : 0;
}

/* Whether dockerd runs and its chains are as it makes them, also where that is not to be reported. */
static bool is_complete(const struct policy *policy, const struct state *state)
{
	struct findings findings = { 0 };
	bool complete = state->docker.running;

	check_docker(policy, state->snapshot, &state->docker, &findings);
	for (size_t i = 0; i < findings.n; i++)
		complete &= findings.v[i].id != DOCKER_CHAINS_MISSING;
	findings_clear(&findings);
	return complete;
}

int docker_wait(struct policy *policy, unsigned int seconds)
{
	uint64_t now = clock_ms(), end = now + (uint64_t)seconds * 1000;
	struct watch *watch = watch_open(BACKEND_NFT);
	bool complete = false;
	int status = watch ? 0 : -1;

	while (!status && !complete && now < end) {
		const struct backend_ops *ops = session_backend(policy);
		struct state state = { 0 };

		status = ops ? state_read(ops, policy, &state) : -1;
		complete = !status && is_complete(policy, &state);
		state_clear(&state);
		now = clock_ms();
		/* Legacy tables and dockerd itself are not heard: look again anyway. */
		if (!status && !complete && now < end)
			status = watch_wait(watch, end - now < WAIT_STEP_MS ? (unsigned int)(end - now) : WAIT_STEP_MS);
		deadline_step("waiting for Docker's chains");
		if (!status)
			status = deadline_check();
	}
	watch_close(watch);
	return status;
}
