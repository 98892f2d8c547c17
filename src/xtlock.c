/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

#define LOCK_FILE "/run/xtables.lock"
#define POLL_MS 10

static const char *lock_file(void)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	return path && *path ? path : LOCK_FILE;
}

int xtlock_take(void)
{
	const char *path = lock_file();
	/* O_NONBLOCK is for a path that is a FIFO: open() must not wait for a writer. */
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
			diag_error("another program holds the xtables lock '%s'; see who with "
				   "fuser '%s', or give it more time with --timeout", path, path);
		} else {
			sleep_ms(POLL_MS);
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
