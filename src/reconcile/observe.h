/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OBSERVE_H
#define DOCKFW_OBSERVE_H

#include "dockerd.h"
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
	struct dockerd dockerd;
	struct findings findings;
};
void state_clear(struct state *state);

/* The names of the tables that a check reads, ending with NULL; constants. */
const char *const *state_tables(const struct dockerd *dockerd);

/* Reads and checks once. */
int state_read(const struct session *session, struct state *state);

/*
 * Reads until the state has no findings, or is the same twice SETTLE_STEP_MS apart, for
 * at most SETTLE_MS. If dockerd does not run, reads once.
 */
int state_settle(const struct session *session, struct state *state);

/*
 * Adds the findings about ports that docker-proxy answers for. If INPUT, which decides
 * on them, is filtered in every family, they are looked for only if facts is set, since
 * a host can have tens of thousands of them.
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
