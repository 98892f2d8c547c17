/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BACKEND_H
#define DOCKFW_BACKEND_H

#include "edit.h"
#include "other_filter.h"
#include "ruleset.h"

/*
 * The seam to the kernel. A backend reads and writes; it never decides.
 * Failures are said with diag_error() where they happen, and returned as:
 */
enum backend_result {
	BACKEND_OK = 0,
	BACKEND_FAILED = -1,  /* said, with what was written, if anything was */
	BACKEND_CHANGED = -2, /* the tables changed meanwhile: read again, not said */
};

struct backend {
	const struct backend_ops *ops;
};

struct backend_ops {
	enum backend_kind kind;

	/*
	 * Opens the backend for one session of reading and at most one commit.
	 * With for_write, what a commit needs is taken (legacy: the xtables
	 * lock, held until close). Nothing is created in the kernel. Returns
	 * NULL, said, where it cannot.
	 */
	struct backend *(*open)(bool for_write);

	/*
	 * Reads which chains there are, with policies and without rules, of the
	 * named table ("filter", "nat", "raw", …) in one family, into a new
	 * table of the snapshot; adds none where the kernel has no such table
	 * (legacy: none registered; it is not loaded for this).
	 */
	int (*read_table)(struct backend *backend, struct snapshot *snapshot,
			  enum family family, const char *table);

	/* Reads the rules of a chain of that table and sets loaded. */
	int (*read_chain)(struct backend *backend, struct snapshot *snapshot,
			  struct table *table, struct chain *chain);

	/*
	 * Called behind the last read: BACKEND_CHANGED where the tables are no
	 * longer what the snapshot holds.
	 */
	int (*verify)(struct backend *backend, struct snapshot *snapshot);

	/*
	 * Carries out the edits, whole or not at all (legacy: whole per table,
	 * in the order of their first edit). BACKEND_CHANGED: nothing was
	 * written because someone else wrote since the snapshot was read.
	 * Inserted rules carry the counters that they have in the edit.
	 */
	int (*commit)(struct backend *backend, const struct snapshot *snapshot,
		      const struct edits *edits);

	/*
	 * The rule as this backend reads it back once iptables has written it,
	 * where that is another form of the same rule; the caller frees it. NULL
	 * for a backend that keeps every rule as it is.
	 */
	struct rule *(*canonical)(const struct rule *rule);

	void (*close)(struct backend *backend); /* NULL is fine */

	/*
	 * Adds what filters packets in this part of the kernel: the base chains of type
	 * filter at the input hook, and without input_only at the forward hook; with
	 * but_builtin without those that iptables makes itself. Needs no open backend.
	 */
	int (*read_filters)(const struct backend_ops *ops, bool input_only, bool but_builtin,
			    struct other_filters *filters);
};

/* One backend of each kind, by its number. */
typedef const struct backend_ops *const backend_list[BACKEND_KINDS];

/*
 * For a loop over what was BACKEND_CHANGED; *tries is 0 at first. Waits a little
 * longer each time. False, said, when the tries or the time are over.
 */
bool backend_try_again(unsigned int *tries);

#endif
