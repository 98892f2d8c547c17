/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SNAPSHOT_READ_H
#define DOCKFW_SNAPSHOT_READ_H

#include "backend.h"
#include "policy.h"

/*
 * Reads the named tables of the policy's families (the names end with NULL), and
 * the chains that next selects, as they were at one moment; reads again if they
 * changed meanwhile. Returns 0 and *snapshot, which the caller frees, or -1 after
 * reporting why.
 */
int snapshot_read(const struct backend_ops *ops, const struct policy *policy,
		  const char *const *tables, chain_selector *next, struct snapshot **snapshot);

/* Does the same once, in an open backend. Returns enum backend_result. */
int snapshot_read_once(struct backend *backend, const struct policy *policy,
		       const char *const *tables, chain_selector *next, struct snapshot **snapshot);

#endif
