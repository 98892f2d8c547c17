/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PROBE_TRIES 3

int process_walk_begin(struct process_walk *walk)
{
	walk->pid = NULL;
	walk->size = 0;
	walk->proc = opendir("/proc");
	return walk->proc ? 0 : -1;
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

		if (*entry->d_name >= '1' && *entry->d_name <= '9')
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
