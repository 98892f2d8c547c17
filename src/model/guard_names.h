/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_NAMES_H
#define DOCKFW_GUARD_NAMES_H

#include <stdbool.h>
#include <string.h>

/*
 * The guard: the program's own table in nf_tables, one per family, which no other program
 * flushes. Its base chains come after iptables' and Docker's own, which have the priority
 * of filter (0), and before firewalld's (10). A drop there is final; an accept ends only
 * that chain. kernel/nft/nft_builtin.h has hook and priority.
 */
#define GUARD_TABLE "dockfw"
#define GUARD_FORWARD "forward"
#define GUARD_INPUT "input"
/* After NF_IP_PRI_FILTER, which is 0; the same in IPv6. */
#define GUARD_PRIORITY 5

/*
 * A copy of the guard, which belongs to a running watch and goes with it: where a table with an
 * owner does not outlive it (before Linux 6.9), the guard itself has none, and others can flush
 * it. The copy comes after it, so that the guard counts what it refuses while it is there.
 */
#define GUARD_COPY_TABLE "dockfw-watch"
#define GUARD_COPY_PRIORITY (GUARD_PRIORITY + 1)

/* Whether it is the name of one of the two. */
static inline bool guard_has_name(const char *table)
{
	return !strcmp(table, GUARD_TABLE) || !strcmp(table, GUARD_COPY_TABLE);
}

#endif
