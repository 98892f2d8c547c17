/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROCESS_H
#define DOCKFW_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What /proc shows of another process. Everything is read through one descriptor of its
 * folder, so that it belongs to one process even if the PID is given to another one.
 */
struct process {
	int folder; /* of /proc/PID, O_PATH */
	pid_t pid;
};

/* Opens /proc/PID, where name is the PID. False if it is none, or the process has ended. */
bool process_open(struct process *process, const char *name);
void process_close(struct process *process);

/* As read_file(); name is of a file in its folder. */
char *process_read(const struct process *process, const char *name, size_t most, size_t *size);

/* Whether that is its name (comm), which any process may choose. */
bool process_has_name(const struct process *process, const char *name);

/*
 * When it was started, in clock ticks since the boot (proc_pid_stat(5)): with its PID, that is
 * the name of one process. 0: it is not known.
 */
uint64_t process_started(const struct process *process);

/*
 * Whether it certainly is a part of this host's Docker, if its name is one of Docker's.
 * It is alive, runs as root with all four user IDs and in this PID namespace, and one of
 * these holds:
 *
 * - It is in the control group of docker.service itself. systemd's own group is the
 *   anchor: a container's group is another one, or below it, and so are the groups of a
 *   systemd in a container. Its network and user namespaces are not known to be others.
 * - Its program is a regular file of root that nobody else may write, and its network,
 *   user, mount and PID namespaces are this process's. That shows a dockerd that no
 *   unit has started, but not without CAP_SYS_PTRACE.
 *
 * What cannot be read is no evidence: the answer is false.
 */
bool process_is_dockers(const struct process *process);

/*
 * Whether it certainly runs, in this PID namespace, but in another user or network
 * namespace; sets user if the former. A process in a PID namespace of its own is a
 * container's. Neither needs CAP_SYS_PTRACE: where /proc/PID/ns cannot be read,
 * /proc/PID/uid_map and the inode of /proc/PID/net/dev show the difference, since every
 * network namespace has inodes of its own there (linux/fs/proc/generic.c,
 * proc_register(); linux/fs/proc/proc_net.c, get_proc_task_net()).
 */
bool process_is_elsewhere(const struct process *process, bool *user);

#endif
