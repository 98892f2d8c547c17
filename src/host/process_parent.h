/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROCESS_PARENT_H
#define DOCKFW_PROCESS_PARENT_H

#include <sys/types.h>

/*
 * Returns who has started that process, as "firewalld (pid 812)": its parent, or, if that
 * is iptables' or a shell, the first one above that is not. NULL if the process has ended
 * already, or is not of this PID namespace. Names are what processes call themselves: for a
 * person to read, and no evidence. The caller frees it.
 */
char *process_parent(pid_t pid);

#endif
