/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_FIND_H
#define DOCKFW_DOCKERD_FIND_H

#include "dockerd.h"

/* Looks for dockerd in /proc, without its socket. */

/*
 * Whether the process of that number is one of this host's network: alive, of root's,
 * in this network namespace, and not in a user namespace of its own. A rootless
 * dockerd may stay in the host's network and keep its containers in another. 1
 * yes, 0 no, -1 where it cannot be told. Without CAP_SYS_PTRACE the namespaces of a
 * process with more rights do not show; there it is yes outside of a container.
 */
int dockerd_shares_network(const char *pid);

/*
 * Looks for dockerd without touching its socket: /run/docker.pid, then, where a
 * unix socket has its name, the processes of this network namespace. What cannot
 * be looked at counts as not running. Returns -1, said, where /proc cannot be read.
 * The caller clears dockerd in any case.
 */
int dockerd_find(struct dockerd *dockerd);

#endif
