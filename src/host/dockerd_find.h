/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_FIND_H
#define DOCKFW_DOCKERD_FIND_H

#include "dockerd.h"

/* Finds dockerd through /proc, without its socket. */

/*
 * Whether the process with that PID belongs to this host's network: alive, owned by
 * root, in this network namespace and in this user namespace. (A rootless dockerd may
 * stay in the host's network and keep its containers in another.) Returns 1 for yes, 0
 * for no, -1 if it is not known. Without CAP_SYS_PTRACE the namespaces of a more
 * privileged process are not visible; then the answer is yes unless it is in a
 * container.
 */
int dockerd_shares_network(const char *pid);

/*
 * Looks for dockerd without touching its socket: first by /run/docker.pid, then, if a
 * unix socket has Docker's name, among the processes of this network namespace. A
 * process that cannot be inspected counts as not running. Returns 0, or -1 if /proc
 * cannot be read, reported. The caller clears dockerd in any case.
 */
int dockerd_find(struct dockerd *dockerd);

#endif
