/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SESSION_H
#define DOCKFW_SESSION_H

#include "backend.h"
#include "check.h"
#include "dockerd.h"
#include "options.h"

/*
 * Reading and writing with patience: what is read was there at one moment, a
 * bad state is believed when it lasts, and a repair is repeated when others
 * wrote meanwhile. Each failure is said; all return 0 or -1. A state is cleared by
 * the caller in any case.
 */

/* The command line goes before the configuration. */
void policy_override(struct policy *policy, const struct options *options);
/*
 * The backend of the policy, with its rules in the form that it reads, and without
 * families that the kernel does not have; NULL, said.
 */
const struct backend_ops *session_backend(struct policy *policy);

/* What was seen at one moment. */
struct state {
	struct snapshot *snapshot;
	struct dockerd docker;
	struct findings findings;
};
void state_clear(struct state *state);

/* Reads and judges once. */
int state_read(const struct backend_ops *ops, const struct policy *policy, struct state *state);

/*
 * Reads until the state is right, or the same twice 250 ms apart, for at most
 * 3 s: dockerd passes through wrong orders when it starts and when firewalld
 * reloads. Where it does not run, one look is enough.
 */
int state_settle(const struct backend_ops *ops, const struct policy *policy, struct state *state);

/*
 * Reads until dockerd runs and its chains are whole, at most that many seconds
 * (0: none), listening for changes in between. The backend is found anew each
 * time, since which one it is shows by the chains. What is missing at the end is
 * for the check to say.
 */
int docker_wait(struct policy *policy, unsigned int seconds);

/*
 * Mends the tables: reads, plans and commits in one session, again where
 * others wrote in between. base is what was there at the moment of the write,
 * edits what was written; nothing where there was nothing to do.
 */
int repair_once(const struct backend_ops *ops, const struct policy *policy, struct state *base,
		struct edits *edits);

/*
 * The same on a state that was just read, where its backend can tell that
 * nothing has changed since: nf_tables by the generation, ip_tables not. Returns
 * 1 where it has, or cannot be told: nothing was written, and repair_once() is
 * to be called.
 */
int repair_seen(const struct backend_ops *ops, const struct state *seen,
		const struct edits *edits);

/* Which chain has to be read next, like scope_next(). */
typedef struct chain *next_chain(const struct policy *policy, const struct snapshot *snapshot,
				 struct table **table);

/*
 * Reads the named tables of the policy's families (the names end with NULL),
 * of each the chains that next asks for, as they were at one moment. The
 * caller frees *snapshot.
 */
int snapshot_read(const struct backend_ops *ops, const struct policy *policy,
		  const char *const *tables, next_chain *next, struct snapshot **snapshot);
/* For snapshot_read(): every chain; DOCKER-USER and what it leads to. */
struct chain *next_of_all(const struct policy *policy, const struct snapshot *snapshot,
			  struct table **table);
struct chain *next_of_user(const struct policy *policy, const struct snapshot *snapshot,
			   struct table **table);

#endif
