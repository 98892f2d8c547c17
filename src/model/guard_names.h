/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_NAMES_H
#define DOCKFW_GUARD_NAMES_H

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

#endif
