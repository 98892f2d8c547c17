/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BACKEND_H
#define DOCKFW_BACKEND_H

#include "edit.h"
#include "other_filter.h"
#include "ruleset.h"

/*
 * The interface to the kernel. A backend reads and writes; it never decides.
 * Failures are reported with diag_error() where they happen, and returned as:
 */
enum backend_result {
	BACKEND_OK = 0,
	BACKEND_FAILED = -1,  /* reported, with what was written, if anything was */
	BACKEND_CHANGED = -2, /* not reported: the tables changed meanwhile, read again */
	BACKEND_GUARD_REFUSED = -3, /* of a commit: an edit of the guard; reported, nothing was written */
};

struct backend {
	const struct backend_ops *ops;
};

struct backend_ops {
	enum backend_kind kind;

	/*
	 * Opens the backend for one session of reading and at most one commit.
	 * With for_write, takes what a commit needs (legacy: the xtables lock,
	 * held until close). Creates nothing in the kernel. Returns NULL after
	 * reporting why.
	 */
	struct backend *(*open)(bool for_write);

	/*
	 * Reads the chains of the named table ("filter", "nat", "raw", …) in one
	 * family, with policies and without rules, into a new table of the
	 * snapshot. Adds no table if the kernel has none of that name (legacy:
	 * none registered; it is not loaded for this).
	 */
	int (*read_table)(struct backend *backend, struct snapshot *snapshot,
			  enum family family, const char *table);

	/* Reads the rules of a chain of that table and sets loaded. */
	int (*read_chain)(struct backend *backend, struct snapshot *snapshot,
			  struct table *table, struct chain *chain);

	/*
	 * Called after the last read: BACKEND_CHANGED if the tables are no
	 * longer what the snapshot holds.
	 */
	int (*verify)(struct backend *backend, struct snapshot *snapshot);

	/*
	 * Carries out all of the edits or none (legacy: all or none per table,
	 * in the order of the tables' first edits). BACKEND_CHANGED: nothing was
	 * written, because another program has written since the snapshot was
	 * read. Inserted rules keep the counters that they have in the edit.
	 */
	int (*commit)(struct backend *backend, const struct snapshot *snapshot,
		      const struct edits *edits);

	/*
	 * Returns the rule as this backend reads it back after iptables has
	 * written it, which may be another form of the same rule; the caller
	 * frees it. The pointer is NULL in a backend that keeps every rule as
	 * it is.
	 */
	struct rule *(*canonical)(const struct rule *rule);

	void (*close)(struct backend *backend); /* NULL is fine */

	/*
	 * Adds what filters packets in this part of the kernel: the base chains of type
	 * filter at the input hook and, unless input_only, at the forward hook.
	 * but_builtin leaves out the base chains that iptables makes. Needs no open
	 * backend.
	 */
	int (*read_filters)(const struct backend_ops *ops, bool input_only, bool but_builtin,
			    struct other_filters *filters);
};

/* One backend of each kind, indexed by kind. */
typedef const struct backend_ops *const backend_list[BACKEND_KINDS];

/*
 * For a loop that retries after BACKEND_CHANGED; *tries is 0 at first. Waits a little
 * longer each time. Returns false after reporting that the tries or the time ran out.
 */
bool backend_try_again(unsigned int *tries);

#endif
