/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "patience.h"
#include "util.h"

static const char *lock_file(void)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	return path && *path ? path : XTABLES_LOCK;
}

/* Keeps its end of the pipe open as long as it waits. */
static _Noreturn void wait_in_child(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	_exit(0);
}

/*
 * Waits until the lock was obtained or the time is over. Polling never finds it
 * free while several iptables wait for it, so a child queues for it: a lock
 * belongs to the open file, and so to both processes.
 */
static void stand_in_line(int fd)
{
	struct pollfd end = { .events = POLLIN };
	int pipe_ends[2];
	pid_t child;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
		sleep_ms(XTLOCK_PAUSE_MS);
		return;
	}
	child = fork();
	if (!child)
		wait_in_child(fd);
	close(pipe_ends[1]);
	end.fd = pipe_ends[0];
	if (child < 0)
		sleep_ms(XTLOCK_PAUSE_MS);
	else if (poll(&end, 1, deadline_poll(UINT_MAX)) <= 0)
		kill(child, SIGKILL);
	close(pipe_ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

int xtlock_take(void)
{
	const char *path = lock_file();
	/* O_NONBLOCK: if the path is a FIFO, open() must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0) {
		diag_error("cannot open the xtables lock '%s': %s%s", path, strerror(errno),
			   errno == ELOOP ? "; it is a symbolic link, remove it" :
			   errno == EACCES || errno == EPERM ? "; run as root" : "");
		return -1;
	}
	deadline_step("waiting for the xtables lock");
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			diag_error("cannot lock '%s': %s", path, strerror(errno));
		} else if (!deadline_left()) {
			diag_error("another program holds the xtables lock '%s'; find it with: fuser "
				   "'%s', or allow more time with --timeout", path, path);
		} else {
			stand_in_line(fd);
			continue;
		}
		close(fd);
		return -1;
	}
	return fd;
}

void xtlock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
