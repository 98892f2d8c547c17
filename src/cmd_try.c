/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_try.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_check.h"
#include "deadline.h"
#include "diag.h"
#include "systemctl.h"
#include "undo.h"
#include "util.h"
#include "watch_lock.h"

/*
 * Two processes. The keeper repairs, waits for the answer and undoes; it is in a session of its
 * own, so that neither a terminal that hangs up nor a signal to the process group ends it. The
 * asker has the terminal, and passes the answer on. If the asker goes, for whatever reason, the
 * keeper sees the end of the line between them, which is a no.
 */

#define TIMER "dockfw-check.timer"

/* What the keeper sends when it waits for the answer, and what the asker sends back. */
#define ASK 'a'
#define YES 'y'
#define NO 'n'

#define UNDO_TRIES 3
#define UNDO_PAUSE_MS 1000

struct keeper {
	const struct options *options;
	int line; /* to the asker */
	int signals;
};

/* ---- the keeper ---- */

static int refuse_what_stays(struct session *session, const struct state *found, void *data)
{
	(void)data;
	/* A restart of Docker cannot be undone. */
	session->policy->recovery = RECOVERY_NONE;
	return undo_can(session, found) ? 0 : -1;
}

/* Sends that it waits. Returns the answer: YES, or NO with the reason. */
static char wait_for_answer(struct keeper *keeper, const char **why)
{
	uint64_t end = clock_ms() + keeper->options->try_seconds * 1000ULL, now;
	struct pollfd fds[] = {
		{ .fd = keeper->line, .events = POLLIN },
		{ .fd = keeper->signals, .events = POLLIN },
	};
	char answer = ASK;

	if (send(keeper->line, &answer, 1, MSG_NOSIGNAL) != 1) {
		*why = "the terminal or its process is gone";
		return NO;
	}
	*why = "nobody has confirmed it in time";
	while ((now = clock_ms()) < end) {
		if (poll(fds, ARRAY_SIZE(fds), (int)(end - now)) <= 0)
			continue;
		if (fds[1].revents) {
			*why = "it was stopped by a signal";
			return NO;
		}
		if (recv(keeper->line, &answer, 1, 0) == 1)
			*why = "the answer is no";
		else
			*why = "the terminal or its process is gone", answer = NO;
		return answer;
	}
	return NO;
}

/* To the terminal, if it is still there, and to the log for whoever comes back. */
static void __attribute__((format(printf, 2, 3))) say(int priority, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	printf("%s\n", text);
	fflush(stdout);
	openlog("dockfw-check", LOG_PID, LOG_DAEMON);
	syslog(priority, "--try: %s", text);
	closelog();
	free(text);
}

static int undo(struct keeper *keeper, const struct session *session, struct repair *repair,
		const char *why)
{
	const enum severity found = findings_severity(&repair->found.findings);
	char *remove;

	for (int tries = 0; tries < UNDO_TRIES; tries++) {
		if (tries)
			sleep_ms(UNDO_PAUSE_MS);
		deadline_start(keeper->options->timeout);
		diag_forget();
		if (undo_repair(session, repair))
			continue;
		say(LOG_WARNING, "The repair was undone, since %s.", why);
		return (int)(found == SEVERITY_OK ? SEVERITY_WARNING : found);
	}
	remove = cmd_command(keeper->options, RUN_REMOVE);
	say(LOG_ERR, "The repair could NOT be undone. To remove the program's rules: %s", remove);
	free(remove);
	return SEVERITY_UNKNOWN;
}

static int keep_or_undo(struct session *session, struct repair *repair, int status, bool *keep, void *data)
{
	struct keeper *keeper = data;
	const char *why;

	if (!repair->written) {
		*keep = status != SEVERITY_UNKNOWN && repair->found.whole;
		return status;
	}
	if (status == SEVERITY_UNKNOWN && !repair_left(repair))
		return undo(keeper, session, repair, "it failed");
	if (wait_for_answer(keeper, &why) != YES)
		return undo(keeper, session, repair, why);
	say(LOG_NOTICE, "The repair stays.");
	*keep = true;
	return status;
}

/* From here on, SIGTERM is an answer. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_keeper(const struct options *options, int line)
{
	struct keeper keeper = { .options = options, .line = line };
	const struct check_hold hold = { refuse_what_stays, keep_or_undo, &keeper };

	setsid();
	keeper.signals = open_signals();
	if (keeper.signals < 0) {
		diag_error("cannot wait for signals: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	return cmd_check_held(options, &hold);
}

/* ---- the asker ---- */

/* Reads a line of the answer; returns YES, NO, or 0 to ask again. */
static char read_answer(void)
{
	char text[64];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (n <= 0)
		return NO;
	text[n] = '\0';
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? '\0' : (char)tolower((unsigned char)*c);
	if (!strcmp(text, "y") || !strcmp(text, "yes"))
		return YES;
	return !strcmp(text, "n") || !strcmp(text, "no") ? NO : 0;
}

static void put_question(unsigned int seconds)
{
	printf("\nCan you still open NEW connections to this host, as you need them?\n"
	       "Type yes to keep the repair. Without an answer it is undone in %u s: ", seconds);
	fflush(stdout);
}

/* Until there is an answer or the keeper has ended. Any signal that ends the asker is a no. */
static void pass_answer(const struct options *options, int line, int signals)
{
	bool asking = false;
	struct pollfd fds[] = {
		{ .fd = line, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	for (;;) {
		char answer = 0;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			return;
		if (fds[0].revents) {
			if (asking || recv(line, &answer, 1, 0) != 1)
				return;
			asking = true;
			fds[2].fd = STDIN_FILENO;
			put_question(options->try_seconds);
			continue;
		}
		if (fds[2].revents && (answer = read_answer())) {
			send(line, &answer, 1, MSG_NOSIGNAL);
			return;
		}
		if (fds[2].revents) {
			printf("yes or no: ");
			fflush(stdout);
		}
	}
}

static int run_asker(const struct options *options, int line, pid_t keeper, int signals)
{
	char *check;
	int status;

	pass_answer(options, line, signals);
	/* Without an answer so far, this is a no. */
	shutdown(line, SHUT_WR);
	while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	check = cmd_command(options, RUN_CHECK);
	diag_error("the process that would undo the repair was killed; what it wrote is in force: "
		   "run: %s", check);
	free(check);
	return SEVERITY_UNKNOWN;
}

/* ---- both ---- */

/* Whatever repairs by itself would put back what is undone. */
static int refuse_repairers(const struct options *options)
{
	if (watch_runs(options->state_folder, "what --try undoes",
		       ", and start it afterwards: systemctl stop"))
		return -1;
	deadline_step("looking for an active timer");
	if (!systemctl_is_active(TIMER))
		return 0;
	diag_error(TIMER " is active, and its next run would put back what --try undoes; stop it first, "
		   "and start it afterwards: systemctl stop " TIMER);
	return -1;
}

static int start(const struct options *options)
{
	sigset_t ends, before;
	int lines[2], status;
	pid_t keeper;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines)) {
		diag_error("cannot open a line between two processes: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	/* Before the fork, so that none gets lost. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &before);
	fflush(NULL);
	keeper = fork();
	if (keeper < 0) {
		diag_error("cannot start a process: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	if (!keeper) {
		close(lines[0]);
		status = run_keeper(options, lines[1]);
	} else {
		close(lines[1]);
		status = run_asker(options, lines[0], keeper, signalfd(-1, &ends, SFD_CLOEXEC));
	}
	close(lines[keeper ? 0 : 1]);
	return status;
}

int cmd_try(const struct options *options)
{
	int lock, status;

	if (refuse_repairers(options) || (lock = watch_lock(options->state_folder, true)) < 0)
		return SEVERITY_UNKNOWN;
	status = start(options);
	close(lock);
	return status;
}
