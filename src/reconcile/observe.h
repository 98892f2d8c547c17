/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OBSERVE_H
#define DOCKFW_OBSERVE_H

#include "dockerd.h"
#include "edit.h"
#include "finding.h"
#include "links.h"
#include "proxies.h"
#include "ruleset.h"
#include "session.h"
#include "split_facts.h"

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
	/* The policy with the closing rules and without what is refused; NULL: as configured. */
	struct policy *completed;
	struct state_host *host; /* owned; NULL: the policy does not follow the host's firewall */
	struct strings interfaces; /* the host's, if the policy names any */
	struct links links;        /* those that it names, or to which its addresses belong */
	bool has_net;              /* net was read, since what is configured depends on it */
	struct netinfo net;
	bool has_proxies;          /* so were the processes of docker-proxy */
	struct proxies proxies;
	struct split_known split; /* what decides whether the other backend matters */
	struct dockerd dockerd;
	struct findings findings;
	bool whole; /* all of it was read and checked; if not, nothing in it counts */
};
void state_clear(struct state *state);

/* The session's policy, with the closing rules that fit the state, without what is refused. */
const struct policy *state_policy(const struct session *session, const struct state *state);
/* The snapshot that has the guard's tables; NULL if the kernel has no nf_tables. */
const struct snapshot *state_guard(const struct state *state);

/* Adds the edits that repair the state: of DOCKER-USER and of the guard. */
void state_plan(const struct session *session, const struct state *state, struct edits *edits);
/*
 * Whether a change of that chain can change whom the host's own firewall lets in, if the state
 * follows that; as host_depends_on().
 */
bool state_follows(const struct state *state, int family, const char *table, const char *chain,
		   bool itself, uint64_t handle);
/* Whether two states hold the same rules in the same order. */
bool state_same(const struct state *a, const struct state *b);

/* The names of the tables that a check reads, ending with NULL; constants. */
const char *const *state_tables(const struct dockerd *dockerd);

/* Adds the findings about the snapshots in the state, which is whole then. */
void state_check(const struct session *session, struct state *state);
/* Finds dockerd; the session's policy is told which firewall backend it has. */
int state_find_dockerd(const struct session *session, struct state *state);
/* Reads and checks once. */
int state_read(const struct session *session, struct state *state);
/*
 * Adds to the snapshot what else the findings depend on: the other backend, the host. backend
 * is the session's, if it is open; NULL: not.
 */
int state_complete(const struct session *session, struct backend *backend, struct state *state);

/* Takes what was refused since then out of the policy of the state. */
void state_refuse(const struct session *session, struct state *state);

/*
 * Reads until the state has no findings, or is the same twice SETTLE_STEP_MS apart, for
 * at most SETTLE_MS. If dockerd does not run, reads once.
 */
int state_settle(const struct session *session, struct state *state);

/*
 * Adds the findings about a Docker elsewhere (check_elsewhere.h), which the caller has looked
 * for (dockerd_find.h), and about ports that docker-proxy answers for (check_proxy.h). All
 * tables and the network are read if it listens on any. With facts, also compares the
 * published ports with the publish sections.
 */
int state_add_proxies(const struct session *session, const struct docker_elsewhere *elsewhere,
		      bool facts, struct state *state);

/*
 * Adds the facts about what is left outside of the configured chains (check_stray.h). It reads
 * all chains of filter but Docker's, and those may have 100,000 rules.
 */
int state_add_stray(const struct session *session, struct state *state);

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
 * end are left for the check to report. A dockerd that does not run and has no chains either is
 * waited for no longer than DOCKER_ABSENT_MS, unless it was just restarted.
 */
int docker_wait(struct session *session, unsigned int seconds, bool restarted);

#endif
