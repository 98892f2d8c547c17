/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROCESS_WALK_H
#define DOCKFW_PROCESS_WALK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

/* As long as the longest path of a program. */
#define PROCESS_START_MAX 4096

/*
 * A walk through all processes of /proc with a few system calls for each: a host may have
 * thousands, of which hardly one is of interest. What is seen is only a first look: the PID
 * can be given to another process before it is opened (process.h).
 */
struct process_walk {
	DIR *proc;
	bool compares; /* kcmp(2) tells here which processes have no memory */
	const char *pid; /* valid until the next step */
	char start[PROCESS_START_MAX + 1]; /* the first bytes of its file, and a NUL */
	size_t size;
};

/* Returns 0, or -1 with errno if /proc cannot be opened. The caller ends the walk in any case. */
int process_walk_begin(struct process_walk *walk);

/*
 * Goes on to the next process that runs a program, and whose file of that name ("comm") is not
 * empty and can be read. Without CAP_SYS_PTRACE, threads of the kernel are among them.
 * False at the end.
 */
bool process_walk_next(struct process_walk *walk, const char *file);
void process_walk_end(struct process_walk *walk);

/*
 * Whether processes of others cannot be read: /proc is mounted with hidepid= (proc(5)) and this
 * one lacks CAP_SYS_PTRACE and the group of gid=, or there is no procfs. Process 1, which every
 * procfs has, is the probe. What a walk does not find then may run.
 */
bool process_walk_is_blind(void);

#endif
