/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TABLE_CHANGE_H
#define DOCKFW_TABLE_CHANGE_H

#include <sys/types.h>

#include "rule.h"

/* What one transaction of nf_tables has changed, as the kernel announces it. No I/O. */

/* A table, or a chain of it, with the number of its rules that came and went. */
struct chain_change {
	int family;    /* NFPROTO_… */
	char *table;   /* owned */
	char *chain;   /* owned; "": the table itself, or a set or map in it */
	size_t removed, added; /* rules */
	bool deleted;  /* the table or the chain itself */
	bool made;     /* likewise: made or changed, as a chain that is renamed, a table made dormant */
	uint64_t handle; /* of the chain, if it was made or changed; else 0 */
};

struct table_change {
	uint32_t generation;
	/*
	 * The process that wrote; 0 and "" if the kernel does not report it. A 4.14 does: see
	 * doc/kernels.md. The PID is of the first PID namespace, the name is cut to 15 bytes.
	 */
	pid_t pid;
	char name[16];
	/* Some messages were lost, since they came faster than they were read: anything may have changed. */
	bool lost;
	struct chain_change *v; /* owned */
	size_t n, room;
};
void table_change_clear(struct table_change *change);

/* Returns the entry of that chain, which is added if there is none. Valid until the next call. */
struct chain_change *table_change_of(struct table_change *change, int family, const char *table,
				     const char *chain);
/* Whether it may have changed anything in a table of that name, whatever its family. */
bool table_change_touches(const struct table_change *change, const char *table);

#endif
