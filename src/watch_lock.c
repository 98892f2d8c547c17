/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

#define NAME "watch.lock"
/* After the PID of a --try. */
#define TRIAL " --try"

/* The service's user, who owns the folder, also needs a lock file that root has made. */
static int open_lock(const char *state_folder)
{
	struct stat owner;
	int folder, fd;

	if (mkdir(state_folder, 0700) && errno != EEXIST)
		return -1;
	folder = open(state_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	fd = openat(folder, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd >= 0 && !geteuid() && !fstat(folder, &owner) && fchown(fd, owner.st_uid, owner.st_gid))
		diag_warning("cannot give '%s/" NAME "' to the owner of the folder: %s", state_folder,
			     strerror(errno));
	close(folder);
	return fd;
}

/* The PID in the lock file, or "unknown". Returns false after reporting that it is that of a --try. */
static bool is_of_watch(int fd, char pid[24])
{
	ssize_t n = pread(fd, pid, 23, 0);
	bool trial;

	pid[n > 0 ? n : 0] = '\0';
	trial = strstr(pid, TRIAL) != NULL;
	pid[strspn(pid, "0123456789")] = '\0';
	if (!*pid)
		memcpy(pid, "unknown", sizeof("unknown"));
	if (trial)
		diag_error("a repair by --try waits for its confirmation (pid %s): answer it there, or wait "
			   "until it is undone", pid);
	return !trial;
}

/* Some file systems have no such locks. That is not another watch. */
static void report_locked(const char *state_folder, int fd)
{
	char pid[24];

	if (errno != EWOULDBLOCK)
		diag_error("cannot lock '%s/" NAME "', the lock of the watch: %s; --state-folder names "
			   "another folder", state_folder, strerror(errno));
	else if (is_of_watch(fd, pid))
		diag_error("another watch already runs (pid %s), and repairs what this one would; "
			   "stop it first: systemctl stop dockfw-watch.service", pid);
}

static int lock(int fd, int how)
{
	int status;

	do
		status = flock(fd, how | LOCK_NB);
	while (status && errno == EINTR);
	return status;
}

int watch_lock(const char *state_folder, bool trial)
{
	int fd = open_lock(state_folder);

	if (fd < 0) {
		diag_error("cannot open '%s/" NAME "', the lock of the watch: %s; --state-folder names "
			   "another folder", state_folder, strerror(errno));
		return -1;
	}
	if (lock(fd, LOCK_EX)) {
		report_locked(state_folder, fd);
		close(fd);
		return -1;
	}
	if (ftruncate(fd, 0) || dprintf(fd, "%d%s\n", (int)getpid(), trial ? TRIAL : "") < 0)
		diag_warning("cannot write '%s/" NAME "': %s", state_folder, strerror(errno));
	return fd;
}

bool watch_runs(const char *state_folder, const char *what, const char *how)
{
	char *path = xasprintf("%s/" NAME, state_folder), pid[24];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool locked = fd >= 0 && lock(fd, LOCK_SH), runs = locked && errno == EWOULDBLOCK;

	if (locked && !runs)
		diag_warning("whether a watch runs is not known: '%s' cannot be locked: %s", path,
			     strerror(errno));
	if (runs && is_of_watch(fd, pid))
		diag_error("a watch runs (pid %s), and would put back at once %s; stop it first%s "
			   "dockfw-watch.service", pid, what, how);
	if (fd >= 0)
		close(fd);
	free(path);
	return runs;
}
