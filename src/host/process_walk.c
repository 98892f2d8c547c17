/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROBE_TRIES 3
#define KTHREADD 2L

/* Whether that process has the memory of kthreadd, which is none. False if it is not known. */
static bool is_without_memory(long pid)
{
	return syscall(SYS_kcmp, KTHREADD, pid, KCMP_VM, 0L, 0L) == 0;
}

/* Whether its numbers are those of this process's PID namespace: it may be another one's. */
static bool has_own_numbers(int proc)
{
	char self[16];
	ssize_t size = readlinkat(proc, "self", self, sizeof(self) - 1);

	if (size <= 0)
		return false;
	self[size] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

int process_walk_begin(struct process_walk *walk)
{
	char program;

	walk->pid = NULL;
	walk->size = 0;
	walk->proc = opendir("/proc");
	if (!walk->proc)
		return -1;
	/* In a PID namespace of its own, process 2 is any process, and has a program. */
	walk->compares = readlinkat(dirfd(walk->proc), "2/exe", &program, 1) < 0 && errno == ENOENT &&
			 has_own_numbers(dirfd(walk->proc)) && is_without_memory(KTHREADD);
	return 0;
}

/*
 * Most processes of a host are threads of the kernel, which are in no group of processes, as few
 * others are. Of those, one more cheap call tells what has ended, or never ran a program, from
 * what does. It needs CAP_SYS_PTRACE.
 */
static bool may_run_program(const struct process_walk *walk, const char *name)
{
	long pid = *name >= '1' && *name <= '9' ? strtol(name, NULL, 10) : 0;

	return pid && !(walk->compares && getpgid((pid_t)pid) == 0 && is_without_memory(pid));
}

static ssize_t read_start(int proc, const char *pid, const char *file, char *start)
{
	char path[300];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, file);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	do
		size = read(fd, start, PROCESS_START_MAX);
	while (size < 0 && errno == EINTR);
	close(fd);
	return size;
}

bool process_walk_next(struct process_walk *walk, const char *file)
{
	const struct dirent *entry;

	while ((entry = readdir(walk->proc))) {
		ssize_t size = -1;

		if (may_run_program(walk, entry->d_name))
			size = read_start(dirfd(walk->proc), entry->d_name, file, walk->start);
		if (size <= 0)
			continue;
		walk->start[size] = '\0';
		walk->size = (size_t)size;
		walk->pid = entry->d_name;
		return true;
	}
	return false;
}

bool process_walk_is_blind(void)
{
	char start[PROCESS_START_MAX];

	/* What is hidden stays so; a single call can fail for want of memory, or by a signal. */
	for (int tries = 0; tries < PROBE_TRIES; tries++)
		if (read_start(AT_FDCWD, "/proc/1", "comm", start) > 0)
			return false;
	return true;
}

void process_walk_end(struct process_walk *walk)
{
	if (walk->proc)
		closedir(walk->proc);
	walk->proc = NULL;
}
