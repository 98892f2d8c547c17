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
/* After the PID: of a watch that only reports, of a --try, and of one that is being undone. */
#define REPORTS " --dry-run"
#define TRIAL " --try"
#define UNDOING " undo"

/* Root gives the file away, and it is truncated: that must be no other file. */
static const char *what_is_wrong(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file; remove it";
	return st.st_nlink > 1 ? "it is another file as well (a hard link); remove it" : NULL;
}

/*
 * The service's user, who owns the folder, also needs a lock file that root has made. Returns -1
 * with *wrong, or with errno.
 */
static int open_lock(const char *state_folder, const char **wrong)
{
	struct stat owner;
	int folder, fd;

	if (mkdir(state_folder, 0700) && errno != EEXIST)
		return -1;
	folder = open(state_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	fd = openat(folder, NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	*wrong = fd < 0 ? NULL : what_is_wrong(fd);
	if (*wrong) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && !geteuid() && !fstat(folder, &owner) && fchown(fd, owner.st_uid, owner.st_gid))
		diag_warning("cannot give '%s/" NAME "' to the owner of the folder: %s", state_folder,
			     strerror(errno));
	close(folder);
	return fd;
}

enum owner { OWNER_REPAIRS, OWNER_REPORTS, OWNER_TRIAL, OWNER_UNDOING };

/* Who has written the lock file; the PID, or "unknown". */
static enum owner read_owner(int fd, char pid[32])
{
	ssize_t n = pread(fd, pid, 31, 0);
	enum owner owner = OWNER_REPAIRS;

	pid[n > 0 ? n : 0] = '\0';
	if (strstr(pid, TRIAL))
		owner = strstr(pid, TRIAL UNDOING) ? OWNER_UNDOING : OWNER_TRIAL;
	else if (strstr(pid, REPORTS))
		owner = OWNER_REPORTS;
	pid[strspn(pid, "0123456789")] = '\0';
	if (!*pid)
		memcpy(pid, "unknown", sizeof("unknown"));
	return owner;
}

/* If it is a --try, reports that. */
static bool refuse_trial(enum owner owner, const char *pid)
{
	if (owner == OWNER_UNDOING)
		diag_error("a repair by --try is being undone (pid %s): wait for the end of that, or end it "
			   "with SIGTERM", pid);
	else if (owner == OWNER_TRIAL)
		diag_error("a repair by --try waits for its confirmation (pid %s): answer it there, or wait "
			   "until it is undone", pid);
	return owner == OWNER_UNDOING || owner == OWNER_TRIAL;
}

/* Returns 0, or -1 with errno EWOULDBLOCK if another process has it. */
static int lock(int fd, int how)
{
	int status;

	do
		status = flock(fd, how | LOCK_NB);
	while (status && errno == EINTR);
	return status;
}

/* Why the lock was not taken. Some file systems have no such locks: that is not another watch. */
static void refuse(const char *state_folder, int fd, enum watch_use use)
{
	enum owner owner;
	char pid[32];

	if (errno != EWOULDBLOCK) {
		diag_error("cannot lock '%s/" NAME "', the lock of the watch: %s; --state-folder names "
			   "another folder", state_folder, strerror(errno));
		return;
	}
	owner = read_owner(fd, pid);
	if (refuse_trial(owner, pid))
		return;
	if (owner == OWNER_REPORTS)
		diag_error("a watch that only reports already runs (pid %s); end it first: kill %s", pid, pid);
	else if (use == WATCH_REPORTS)
		diag_error("a watch already runs (pid %s), and repairs what this one would report: its output "
			   "has it all", pid);
	else
		diag_error("another watch already runs (pid %s), and repairs what this one would; "
			   "stop it first: systemctl stop dockfw-watch.service", pid);
}

int watch_lock(const char *state_folder, enum watch_use use)
{
	static const char *const marks[] = { "", REPORTS, TRIAL };
	const char *wrong = NULL;
	int fd = open_lock(state_folder, &wrong);

	if (fd < 0) {
		diag_error("cannot open '%s/" NAME "', the lock of the watch: %s; --state-folder names "
			   "another folder", state_folder, wrong ? wrong : strerror(errno));
		return -1;
	}
	if (lock(fd, LOCK_EX)) {
		refuse(state_folder, fd, use);
		close(fd);
		return -1;
	}
	if (ftruncate(fd, 0) || dprintf(fd, "%d%s\n", (int)getpid(), marks[use]) < 0)
		diag_warning("cannot write '%s/" NAME "': %s", state_folder, strerror(errno));
	return fd;
}

void watch_lock_undoing(int fd)
{
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) ||
	    dprintf(fd, "%d" TRIAL UNDOING "\n", (int)getpid()) < 0)
		diag_warning("cannot write into '" NAME "': %s", strerror(errno));
}

/* Opens the lock to look at it; -1: there is none. */
static int look_at_lock(const char *state_folder)
{
	char *path = xasprintf("%s/" NAME, state_folder);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	free(path);
	return fd;
}

static bool is_held(const char *state_folder, int fd)
{
	if (!lock(fd, LOCK_SH))
		return false;
	if (errno == EWOULDBLOCK)
		return true;
	diag_warning("whether a watch runs is not known: '%s/" NAME "' cannot be locked: %s",
		     state_folder, strerror(errno));
	return false;
}

bool watch_runs(const char *state_folder, const char *what, const char *how)
{
	int fd = look_at_lock(state_folder);
	bool runs = fd >= 0 && is_held(state_folder, fd);
	char pid[32];
	enum owner owner = runs ? read_owner(fd, pid) : OWNER_REPAIRS;

	if (owner == OWNER_REPORTS)
		runs = false;
	else if (runs && !refuse_trial(owner, pid))
		diag_error("a watch runs (pid %s), and would put back at once %s; stop it first%s "
			   "dockfw-watch.service", pid, what, how);
	if (fd >= 0)
		close(fd);
	return runs;
}

bool watch_lock_of_trial(const char *state_folder)
{
	int fd = look_at_lock(state_folder);
	char pid[32];
	enum owner owner = fd >= 0 ? read_owner(fd, pid) : OWNER_REPAIRS;
	/* A look at the lock holds it for a moment, so that a watch could not start then. */
	bool trial = (owner == OWNER_TRIAL || owner == OWNER_UNDOING) &&
		     is_held(state_folder, fd);

	if (trial)
		diag_warning("a repair by --try is not confirmed (pid %s), and what is in force now may be "
			     "undone: the configuration is not stored as the last good one", pid);
	if (fd >= 0)
		close(fd);
	return trial;
}
