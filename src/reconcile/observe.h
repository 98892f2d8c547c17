/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OBSERVE_H
#define DOCKFW_OBSERVE_H

#include "dockerd.h"
#include "edit.h"
#include "finding.h"
#include "ruleset.h"
#include "session.h"

/*
 * Reading with patience: a state is what the tables held at one moment, and a bad one
 * counts only if it lasts. All return 0, or -1 after reporting why. The caller clears
 * the state in any case.
 */

/* What was seen at one moment. */
struct state {
	struct snapshot *snapshot;
	/*
	 * Of the backend that Docker does not use, its filter table and, if that is
	 * nf_tables, the guard. NULL: not read.
	 */
	struct snapshot *other;
	/* The policy with the closing rules; NULL: it has none. */
	struct policy *completed;
	struct strings interfaces; /* the host's, if the policy names any */
	struct dockerd dockerd;
	struct findings findings;
};
void state_clear(struct state *state);

/* The session's policy, with the closing rules that fit the state. */
const struct policy *state_policy(const struct session *session, const struct state *state);
/* The snapshot that has the guard's tables; NULL if the kernel has no nf_tables. */
const struct snapshot *state_guard(const struct state *state);

/* Adds the edits that repair the state: of DOCKER-USER and of the guard. */
void state_plan(const struct session *session, const struct state *state, struct edits *edits);
/* Whether two states hold the same rules in the same order. */
bool state_same(const struct state *a, const struct state *b);

/* The names of the tables that a check reads, ending with NULL; constants. */
const char *const *state_tables(const struct dockerd *dockerd);

/* Adds the findings about the snapshots in the state. */
void state_check(const struct session *session, struct state *state);
/* Reads and checks once. */
int state_read(const struct session *session, struct state *state);
/* Adds to the snapshot what else the findings depend on: the other backend, the host. */
int state_complete(const struct session *session, struct state *state);

/*
 * Reads until the state has no findings, or is the same twice SETTLE_STEP_MS apart, for
 * at most SETTLE_MS. If dockerd does not run, reads once.
 */
int state_settle(const struct session *session, struct state *state);

/*
 * Adds the findings about ports that docker-proxy answers for. If INPUT, which decides
 * on them, is filtered in every family, they are looked for only if facts is set, since
 * a host can have tens of thousands of them. With facts, also compares the published
 * ports with the publish sections.
 */
int state_add_proxies(const struct session *session, bool facts, struct state *state);

/*
 * dockerd gets firewalld's reload signal when everyone else does, and rewrites its rules
 * while others already check them: a correct state can be wrong a moment later.
 *
 * Watches the tables, starting from the last state seen, until they have not changed
 * for QUIET_MS or until end (a time of clock_ms()). Sets state to the newest one.
 * Returns 1 as soon as there is something to repair, otherwise 0, or -1 after reporting
 * why.
 */
int state_stay(const struct session *session, uint64_t end, struct state *state);

/*
 * Reads until dockerd runs and its chains are complete, for at most that many seconds
 * (0: not at all), and listens for changes in between. Chooses the backend again each
 * time, since the chains show which one it is. Chains that are still missing at the
 * end are left for the check to report.
 */
int docker_wait(struct session *session, unsigned int seconds);

#endif
