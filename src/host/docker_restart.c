/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_restart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "patience.h"
#include "systemctl.h"
#include "util.h"

#define DOCKER_UNIT "docker.service"

/*
 * Whether the stamp is younger than the pause; one from the future counts as old. Reports
 * why there is no restart then.
 */
static bool is_too_soon(void)
{
	struct stat stamp;
	time_t now = time(NULL);

	if (stat(RESTART_STAMP, &stamp) < 0 || stamp.st_mtime > now ||
	    now - stamp.st_mtime >= RESTART_PAUSE_SECONDS)
		return false;
	if (stamp.st_size) {
		diag_warning("Docker was restarted for its chains within the last hour, and they are "
			     "missing; not restarting it again (--restart-docker does)");
		return true;
	}
	/* For other users, dockfw-restart.service decides: they cannot query systemd. */
	if (geteuid() || access(SYSTEMD_BOOTED, F_OK) || systemctl_is_failed(DOCKER_UNIT))
		return false;
	diag_warning("a restart of Docker was begun within the last hour, and its end was not seen; "
		     "not restarting it again (--restart-docker does)");
	return true;
}

/*
 * Called before the restart, without which there is no restart, and with done after it, if it
 * was not in vain.
 */
static int set_stamp(bool done)
{
	static const char word[] = "done\n";
	int fd;

	if (mkdir(STAMP_FOLDER, 0755) < 0 && errno != EEXIST) {
		diag_error("cannot create '" STAMP_FOLDER "', which records a restart of Docker: %s",
			   strerror(errno));
		return -1;
	}
	fd = open(RESTART_STAMP, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || futimens(fd, NULL) < 0 ||
	    (done && write(fd, word, sizeof(word) - 1) != sizeof(word) - 1)) {
		diag_error("cannot write '" RESTART_STAMP "', which records a restart of Docker: %s",
			   strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/*
 * Whether a restart began after the request, and with done, whether it ended well; both times
 * are those of one file system.
 */
static bool has_begun(const struct timespec *since, bool done)
{
	struct stat stamp;

	return stat(RESTART_STAMP, &stamp) == 0 && (!done || stamp.st_size) &&
	       (stamp.st_mtim.tv_sec > since->tv_sec ||
		(stamp.st_mtim.tv_sec == since->tv_sec && stamp.st_mtim.tv_nsec >= since->tv_nsec));
}

/* Creates the request; sets *since to its time. */
static int write_request(struct timespec *since)
{
	int fd = open(RESTART_REQUEST, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat request;

	if (fd < 0 || futimens(fd, NULL) < 0 || fstat(fd, &request) < 0) {
		diag_error("cannot request a restart of Docker with '" RESTART_REQUEST "': %s%s",
			   strerror(errno), errno == ENOENT || errno == EACCES || errno == EROFS ?
			   "; only root and the units of this program can" : "");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	*since = request.st_mtim;
	return 0;
}

/*
 * Returns 0 once the service has removed the request; else -1, reported, and takes the
 * request back, so that it does not restart Docker at a time when nobody expects it.
 */
static int wait_for_answer(const struct timespec *since)
{
	uint64_t begins = clock_ms() + RESTART_BEGINS_MS;
	bool begun = false;

	while (!access(RESTART_REQUEST, F_OK)) {
		begun = begun || has_begun(since, false);
		if (!begun && clock_ms() >= begins) {
			diag_error("dockfw-restart.service does not restart Docker; see: systemctl status "
				   "dockfw-restart.path dockfw-restart.service");
			unlink(RESTART_REQUEST);
			return -1;
		}
		if (systemctl_is_to_stop() || deadline_check()) {
			if (systemctl_is_to_stop())
				diag_warning("took the request back: this is to end itself");
			unlink(RESTART_REQUEST);
			return -1;
		}
		sleep_ms(CHILD_STEP_MS);
	}
	return 0;
}

static enum restart request_restart(void)
{
	struct timespec since;

	if (write_request(&since))
		return RESTART_FAILED;
	diag_warning("requested a restart of Docker from dockfw-restart.service");
	deadline_step("waiting for dockfw-restart.service to restart Docker");
	diag_wait("dockfw-restart.service to restart Docker", deadline_left());
	if (wait_for_answer(&since))
		return RESTART_FAILED;
	if (has_begun(&since, true))
		return RESTART_DONE;
	diag_error("dockfw-restart.service has not restarted Docker; see: journalctl -u dockfw-restart");
	return RESTART_FAILED;
}

static enum restart run_restart(void)
{
	char *const words[] = { (char *)"systemctl", (char *)"restart", (char *)DOCKER_UNIT, NULL };
	int status;

	if (set_stamp(false))
		return RESTART_FAILED;
	deadline_step("restarting docker.service");
	diag_wait("docker.service to restart", deadline_left());
	status = systemctl_run(words, "restart Docker by hand");
	if (status > 0)
		diag_error("'systemctl restart docker.service' failed with status %d; see: journalctl -u docker",
			   status);
	/* Past the time limit, or where this is to end, systemd may still be restarting it. */
	if (status > 0 || (status && deadline_left() && !systemctl_is_to_stop()))
		unlink(RESTART_STAMP);
	return status || set_stamp(true) ? RESTART_FAILED : RESTART_DONE;
}

bool docker_restart_may(bool force)
{
	return force || !is_too_soon();
}

enum restart docker_restart(bool force)
{
	if (!docker_restart_may(force))
		return RESTART_TOO_SOON;
	return geteuid() ? request_restart() : run_restart();
}
