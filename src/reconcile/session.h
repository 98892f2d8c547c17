/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SESSION_H
#define DOCKFW_SESSION_H

#include "backend.h"
#include "policy.h"

/* What a run works with: the configuration as the chosen backend reads it. */
struct session {
	const struct backend_ops *const *backends; /* one of each kind, by its number */
	const struct policy *configured;
	const struct backend_ops *ops; /* the chosen one */
	/*
	 * Owned: the configuration with its rules in the form that ops reads back, and
	 * without families that the kernel does not have.
	 */
	struct policy *policy;
};

/*
 * Chooses the backend: the configured one, or the one that Docker's chains are in,
 * which may be another one each time. Borrows both. Returns 0, or -1, said; the
 * caller closes the session in any case.
 */
int session_open(struct session *session, backend_list backends, const struct policy *configured);
/* Chooses again. */
int session_choose(struct session *session);
void session_close(struct session *session);

#endif
