/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemctl.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "patience.h"
#include "util.h"

extern char **environ;

/* The job continues in systemd; this ends only the client, within a second. */
static void end_child(pid_t child)
{
	int status, tries = 0;

	kill(child, SIGTERM);
	while (waitpid(child, &status, WNOHANG) == 0 && ++tries < CHILD_STEPS)
		sleep_ms(CHILD_STEP_MS);
	if (tries == CHILD_STEPS) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
}

/* Waits for the child while time is left; returns its exit status, or -1, reported. */
static int wait_child(pid_t child)
{
	int status;

	for (;;) {
		pid_t done = waitpid(child, &status, WNOHANG);

		if (done == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		if (done < 0 && errno != EINTR) {
			diag_error("cannot wait for " SYSTEMCTL ": %s", strerror(errno));
			return -1;
		}
		if (deadline_check()) {
			end_child(child);
			return -1;
		}
		sleep_ms(CHILD_STEP_MS);
	}
}

int systemctl_run(char *const words[], const char *instead)
{
	pid_t child;
	int status = posix_spawn(&child, SYSTEMCTL, NULL, NULL, words, environ);

	if (status) {
		diag_error("cannot run " SYSTEMCTL ": %s; %s", strerror(status), instead);
		return -1;
	}
	status = wait_child(child);
	/* POSIX allows posix_spawn() to report a failed exec as exit status 127. */
	if (status == 127) {
		diag_error("cannot run " SYSTEMCTL "; %s", instead);
		return -1;
	}
	return status;
}

/* verb: "is-active" or "is-failed", whose exit status is 0 if it is. */
static bool unit_is(const char *verb, const char *unit)
{
	char *const words[] = { (char *)"systemctl", (char *)verb, (char *)"--quiet", (char *)unit,
				NULL };

	/* The folder exists only if the host was booted with systemd; see sd_booted(3). */
	return !access(SYSTEMD_BOOTED, F_OK) && !access(SYSTEMCTL, X_OK) &&
	       !systemctl_run(words, "find out by hand in which state that unit is");
}

bool systemctl_is_active(const char *unit)
{
	return unit_is("is-active", unit);
}

bool systemctl_is_failed(const char *unit)
{
	return unit_is("is-failed", unit);
}
