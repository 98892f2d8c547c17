/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_restart.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "patience.h"
#include "systemctl.h"

/* Whether the stamp is younger than the pause; one from the future counts as old. */
static bool is_too_soon(void)
{
	struct stat stamp;
	time_t now = time(NULL);

	return stat(RESTART_STAMP, &stamp) == 0 && stamp.st_mtime <= now &&
	       now - stamp.st_mtime < RESTART_PAUSE_SECONDS;
}

/* Called before the restart: without a stamp there is no restart. */
static int set_stamp(void)
{
	int fd;

	if (mkdir(STAMP_FOLDER, 0755) < 0 && errno != EEXIST) {
		diag_error("cannot create '" STAMP_FOLDER "', which records a restart of Docker: %s",
			   strerror(errno));
		return -1;
	}
	fd = open(RESTART_STAMP, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || futimens(fd, NULL) < 0) {
		diag_error("cannot write '" RESTART_STAMP "', which records a restart of Docker: %s",
			   strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

enum restart docker_restart(bool force)
{
	char *const words[] = { (char *)"systemctl", (char *)"restart", (char *)"docker.service",
				NULL };
	int status;

	if (!force && is_too_soon()) {
		diag_warning("Docker was restarted for its chains within the last hour and lost them again; "
			     "not restarting it again (--restart-docker does)");
		return RESTART_TOO_SOON;
	}
	if (set_stamp())
		return RESTART_FAILED;
	deadline_step("restarting docker.service");
	status = systemctl_run(words, "restart Docker by hand");
	if (status > 0)
		diag_error("'systemctl restart docker.service' failed with status %d; see: journalctl -u docker",
			   status);
	return status ? RESTART_FAILED : RESTART_DONE;
}
