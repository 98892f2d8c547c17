/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SESSION_H
#define DOCKFW_SESSION_H

#include "backend.h"
#include "policy.h"
#include "refusals.h"

/* The context of a run: the backend, and the configuration in its form. */
struct session {
	const struct backend_ops *const *backends; /* one of each kind, indexed by kind */
	const struct policy *configured;
	const struct backend_ops *ops; /* the chosen one */
	const struct backend_ops *known; /* where the dockerd that runs had its chains, or NULL */
	/*
	 * Owned: the configuration with its rules in the form in which ops reads them
	 * back, and without families that the kernel does not have.
	 */
	struct policy *policy;
	struct refusals refused; /* owned; what the kernel did not take in this run */
	/*
	 * The generations of nf_tables that its last commits have made: each is the one after
	 * that which was read, or the kernel would have refused the batch.
	 */
	uint32_t own[8];
	unsigned int nown; /* ever made */
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

/* Notes a commit that was based on that generation; and whether one made this generation. */
void session_wrote(struct session *session, uint32_t base);
bool session_made(const struct session *session, uint32_t generation);

#endif
