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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "patience.h"
#include "shell_word.h"
#include "trust_path.h"
#include "util.h"

/* The variable's name and "=", where the path came from there, to begin a message. */
static const char *lock_file(const char **from)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	*from = path && *path ? "XTABLES_LOCKFILE=" : "";
	return **from ? path : XTABLES_LOCK;
}

/*
 * Keeps its end of the pipe open as long as it waits, and all that its parent has open, such as
 * the socket that owns the guard: so it ends with that, also if that was before the prctl().
 */
static _Noreturn void wait_in_child(int fd, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
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
	pid_t parent = getpid(), child;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
		sleep_ms(XTLOCK_PAUSE_MS);
		return;
	}
	child = fork();
	if (!child)
		wait_in_child(fd, parent);
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

/* What the lock must be; otherwise a text with the reason. Opening a device has effects. */
static const char *what_is_wrong(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (S_ISLNK(st.st_mode))
		return "it is a symbolic link";
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	return trust_owner(&st) ? NULL : "it belongs to another user";
}

/* Returns a descriptor, or -1: then *wrong is set, or errno. */
static int open_in(int folder, const char *name, const char **wrong)
{
	int fd = -1;

	errno = EEXIST;
	/* Another program may create or remove it in between. */
	for (unsigned int tries = 0; fd < 0 && errno == EEXIST && tries < XTLOCK_TRIES; tries++) {
		fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			*wrong = what_is_wrong(fd);
			if (!*wrong)
				return trust_path_reopen(fd);
			close(fd);
			return -1;
		}
		if (errno == ENOENT)
			fd = openat(folder, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return fd;
}

/*
 * Opens the lock, or creates it: a regular file of root's, or of the user's, in a folder
 * in which nobody else can change it.
 */
static int open_lock(const char *path, const char *from, bool report)
{
	const char *name, *wrong = NULL;
	char *why;
	int folder = trust_path_folder(path, TRUST_WAY, &name, &why);
	int fd = folder < 0 ? -1 : open_in(folder, name, &wrong), error = errno;

	if (folder >= 0)
		close(folder);
	if (!report)
		; /* whoever takes the lock gets the reason */
	else if (why)
		diag_error("cannot trust the xtables lock %s'%s': %s%s", from, path, why,
			   *from ? "; it must be in a folder that only root may change" : "");
	else if (wrong)
		diag_error("cannot trust the xtables lock %s'%s': %s; remove it", from, path, wrong);
	else if (fd < 0)
		diag_error("cannot open the xtables lock %s'%s': %s%s", from, path, strerror(error),
			   error == EACCES || error == EPERM ? "; run as root" : "");
	free(why);
	return fd;
}

static void refuse_held(const char *path)
{
	char *word = shell_path(path);

	diag_error("another program holds the xtables lock '%s'; find it with: fuser %s, or allow more "
		   "time with --timeout", path, word);
	deadline_told();
	free(word);
}

int xtlock_take(void)
{
	const char *from, *path = lock_file(&from);
	int fd = open_lock(path, from, true);

	if (fd < 0)
		return -1;
	deadline_step("waiting for the xtables lock");
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			diag_error("cannot lock '%s': %s", path, strerror(errno));
		} else if (!deadline_left()) {
			refuse_held(path);
		} else {
			diag_wait("the xtables lock, which another program holds", deadline_left());
			stand_in_line(fd);
			continue;
		}
		close(fd);
		return -1;
	}
	return fd;
}

bool xtlock_is_taken(void)
{
	const char *from, *path = lock_file(&from);
	int fd = open_lock(path, from, false);
	bool taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	xtlock_release(fd);
	return taken;
}

void xtlock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
