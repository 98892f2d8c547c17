/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OBSERVE_H
#define DOCKFW_OBSERVE_H

#include "dockerd.h"
#include "finding.h"
#include "ruleset.h"
#include "session.h"

/*
 * Reading with patience: what is read was there at one moment, and a bad state
 * is believed when it lasts. Each failure is said; all return 0 or -1. A state is
 * cleared by the caller in any case.
 */

/* What was seen at one moment. */
struct state {
	struct snapshot *snapshot;
	struct dockerd dockerd;
	struct findings findings;
};
void state_clear(struct state *state);

/* The tables that a check reads, ended by NULL; constants. */
const char *const *state_tables(const struct dockerd *dockerd);

/* Reads and judges once. */
int state_read(const struct session *session, struct state *state);

/*
 * Reads until the state is right, or the same twice SETTLE_STEP_MS apart, for at most
 * SETTLE_MS. Where dockerd does not run, one look is enough.
 */
int state_settle(const struct session *session, struct state *state);

/*
 * Adds what docker-proxy answers for. Its listeners go by INPUT: where that is
 * filtered in every family they are not looked for, unless facts are wanted,
 * since a host can have tens of thousands of them.
 */
int state_add_proxies(const struct session *session, bool facts, struct state *state);

/*
 * dockerd hears of firewalld's reload when everybody does, and writes its rules anew
 * while others look already: what was right is wrong a moment later.
 *
 * Stays with the tables, from the state that was seen last, until they have not
 * changed for QUIET_MS or the end (of clock_ms()) has come. state then is the newest
 * one. Returns 1 as soon as there is something to repair, else 0; -1, said, on
 * failure.
 */
int state_stay(const struct session *session, uint64_t end, struct state *state);

/*
 * Reads until dockerd runs and its chains are whole, at most that many seconds
 * (0: none), listening for changes in between. The backend is chosen anew each time,
 * since which one it is shows by the chains. What is missing at the end is for the
 * check to say.
 */
int docker_wait(struct session *session, unsigned int seconds);

#endif
