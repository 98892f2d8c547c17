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

bool systemctl_is_to_stop(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
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
		if (systemctl_is_to_stop() || deadline_check()) {
			if (systemctl_is_to_stop())
				diag_warning("not waiting for " SYSTEMCTL " to end: this is to end itself");
			end_child(child);
			return -1;
		}
		sleep_ms(CHILD_STEP_MS);
	}
}

/*
 * What this program blocks and ignores for itself, systemctl must not inherit: no SIGTERM would end
 * it. An ignored SIGHUP, SIGINT or SIGQUIT is from whoever started this, as nohup(1) does.
 */
static int spawn(pid_t *child, char *const words[])
{
	static const int kept[] = { SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGSTOP };
	posix_spawnattr_t attributes;
	sigset_t usual, none;
	int status = posix_spawnattr_init(&attributes);

	if (status)
		return status;
	sigemptyset(&none);
	sigfillset(&usual);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		sigdelset(&usual, kept[i]);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	status = posix_spawn(child, SYSTEMCTL, NULL, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	return status;
}

int systemctl_run(char *const words[], const char *instead)
{
	pid_t child;
	int status = spawn(&child, words);

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
