/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SESSION_H
#define DOCKFW_SESSION_H

#include "backend.h"
#include "policy.h"

/* The context of a run: the backend, and the configuration in its form. */
struct session {
	const struct backend_ops *const *backends; /* one of each kind, indexed by kind */
	const struct policy *configured;
	const struct backend_ops *ops; /* the chosen one */
	/*
	 * Owned: the configuration with its rules in the form in which ops reads them
	 * back, and without families that the kernel does not have.
	 */
	struct policy *policy;
	bool guard_refused; /* the kernel did not take the guard: it is not tried again */
};

/*
 * Takes out of families (bits 1U << FAMILY_…) what the kernel does not have. Returns 0,
 * or -1 after reporting that nothing is left.
 */
int session_families(unsigned int *families);

/*
 * Chooses the backend: the configured one, or the one that has Docker's chains, which
 * may change over time. Borrows backends and configured. Returns 0, or -1 after
 * reporting why; the caller closes the session in any case.
 */
int session_open(struct session *session, backend_list backends, const struct policy *configured);
/* Chooses again. */
int session_choose(struct session *session);
void session_close(struct session *session);

#endif
