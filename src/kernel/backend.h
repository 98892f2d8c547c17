/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_BACKEND_H
#define DOCKFW_BACKEND_H

#include "edit.h"
#include "other_filter.h"
#include "ruleset.h"
#include "table_change.h"

/*
 * The interface to the kernel. A backend reads and writes; it never decides.
 * Failures are reported with diag_error() where they happen, and returned as:
 */
enum backend_result {
	BACKEND_OK = 0,
	BACKEND_FAILED = -1,  /* reported, with what was written, if anything was */
	BACKEND_CHANGED = -2, /* not reported: the tables changed meanwhile, read again */
	BACKEND_REFUSED = -3, /* not reported: edits are refused, nothing was written */
};

/* An edit that is refused, by the kernel or since the kernel cannot hold it. */
struct refused_edit {
	size_t edit; /* its index in the list of edits */
	bool rule;   /* an insert, and the rule itself is why: the others do not depend on it */
	bool suspect; /* perhaps only since one before it is refused; it was not tried by itself */
	char *why;   /* owned; a part of a sentence, and what to do */
};

struct refused_edits {
	struct refused_edit *v;
	size_t n, room;
	/*
	 * Of a commit that failed: the families, bits 1U << FAMILY_…, whose edits are in force all
	 * the same. Only ip_tables, which writes one table after the other, sets any.
	 */
	unsigned int written;
};

/* Takes ownership of why. */
void refused_edits_add(struct refused_edits *list, size_t edit, bool rule, char *why);
void refused_edits_clear(struct refused_edits *list);
/* Reports that the edit cannot be made, and what was written. */
void refused_edit_report(const struct edits *edits, const struct refused_edit *refused,
			 const char *written);

/*
 * Who has changed the tables, and what, from the moment at which it is opened. open() and
 * next() report why they fail.
 */
struct changes;
/* Whether a change of that table or chain is of interest: it has no rules, and borrowed names. */
typedef bool change_filter(const void *data, const struct chain_change *change);
struct change_source {
	struct changes *(*open)(void); /* NULL: failed */
	int (*fd)(const struct changes *changes); /* readable when there is something to take */
	/*
	 * Takes the next transaction into an empty change, which the caller clears; it has only
	 * the chains that are of interest, and may have none. Returns 1, 0 if there is no
	 * transaction yet, or -1.
	 */
	int (*next)(struct changes *changes, change_filter *wanted, const void *data,
		    struct table_change *change);
	void (*close)(struct changes *changes); /* NULL is fine */
};

struct backend {
	const struct backend_ops *ops;
};

/* Which tables belong to this process. */
enum owning {
	OWN_NONE,
	OWN_UNTIL_END, /* the copy of the guard (model/guard_names.h), which goes with it */
	OWN_PERSIST,   /* the guard, which outlives it, as nobody's */
};

struct backend_ops {
	enum backend_kind kind;
	/* Not built in: reads as a kernel without it, or fails, and cannot be chosen. */
	bool absent;

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
	 * read. BACKEND_REFUSED: refused has every edit that is known to be refused. Without
	 * refused (NULL), the first of them is reported, and it is BACKEND_FAILED. Inserted
	 * rules keep the counters that they have in the edit.
	 */
	int (*commit)(struct backend *backend, const struct snapshot *snapshot,
		      const struct edits *edits, struct refused_edits *refused);

	/*
	 * Returns what the commit would return, and changes nothing: no rule, no counter and
	 * no generation. The kernel may load modules. Needs no backend that is open for
	 * writing. nft: whether an extension is for the hook is not tried in a table that the
	 * edits create, since the kernel forgets that such a table has to be validated. Legacy: only inserted rules are tried, each by itself, and those of a table
	 * that is not registered are not.
	 */
	int (*try)(struct backend *backend, const struct snapshot *snapshot,
		   const struct edits *edits, struct refused_edits *refused);

	/*
	 * Returns the rule as this backend reads it back after iptables has
	 * written it, which may be another form of the same rule; the caller
	 * frees it. The pointer is NULL in a backend that keeps every rule as
	 * it is.
	 */
	struct rule *(*canonical)(const struct rule *rule);

	void (*close)(struct backend *backend); /* NULL is fine */

	/*
	 * Whether open() for writing would have to wait for another program now. What cannot be
	 * told is no: open() reports why. NULL: it never waits.
	 */
	bool (*busy)(void);

	/*
	 * From own_begin() to own_end(), the tables of the guard, or of its copy, that a commit
	 * creates belong to this process: nobody else can change or flush them. It returns what
	 * the kernel can do. NULL: it never can.
	 */
	enum owning (*own_begin)(void);
	void (*own_end)(void);

	const struct change_source *changes; /* NULL: the kernel announces none */
	/*
	 * For a backend that announces nothing: sets a number that changes when others write, and
	 * costs less than a read. Returns 0, or -1 after reporting why. NULL: it announces.
	 */
	int (*digest)(uint64_t *digest);

	/*
	 * Adds what packets meet in this part of the kernel: the base chains at every hook
	 * but output, with what their rules can do. but_builtin leaves out the base chains that
	 * iptables makes. Needs no open backend.
	 */
	int (*read_filters)(const struct backend_ops *ops, bool but_builtin,
			    struct other_filters *filters);

	/*
	 * Adds what the opaque rules of the snapshot can do, as tables that are followed; nothing
	 * is read if it has none. NULL: this backend reads every rule in full, or as it is.
	 */
	int (*read_opaque)(const struct snapshot *snapshot, struct other_filters *filters);
};

/* One backend of each kind, indexed by kind. */
typedef const struct backend_ops *const backend_list[BACKEND_KINDS];

/*
 * For a loop that retries after BACKEND_CHANGED; *tries is 0 at first. Waits a little
 * longer each time. Returns false after reporting that the tries or the time ran out.
 */
bool backend_try_again(unsigned int *tries);

/* Whether the backend can be chosen. Returns -1 after reporting that it was not built; why: it is … */
int backend_check_built(const struct backend_ops *ops, const char *why);

/* Whether an errno says that the kernel was short of something for a moment. */
bool backend_error_passes(int error);

#endif
