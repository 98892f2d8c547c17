/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_try.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <termios.h>
#include <unistd.h>

#include "answer.h"
#include "cmd.h"
#include "cmd_check.h"
#include "deadline.h"
#include "diag.h"
#include "patience.h"
#include "setup.h"
#include "spool.h"
#include "systemctl.h"
#include "undo.h"
#include "util.h"
#include "watch_lock.h"

/*
 * Two processes. The keeper repairs, waits for the answer and undoes; it is in a session of its
 * own, so that neither a terminal that hangs up nor a signal to the process group ends it. The
 * asker has the terminal: it shows what the keeper prints, which must not wait for whoever reads
 * it, and passes the answer on. If the asker goes, for whatever reason, the keeper sees the end of
 * the line between them, which is a no.
 */

#define TIMER "dockfw-check.timer"

/* What the keeper sends when it waits for the answer, and what the asker sends back. */
struct message {
	/* TRIES_AGAIN: to undo it. DONE: whatever was to be undone is undone, or that was reported. */
	enum { ASK, YES, NO, TRIES_AGAIN, DONE } kind;
	uint64_t end; /* ASK: of the time, as clock_ms() */
};

struct keeper {
	const struct options *options;
	int line; /* to the asker */
	int signals;
	int lock; /* of the watch */
	struct spool *spool;
};

/* ---- the keeper ---- */

static int refuse_what_stays(struct session *session, const struct state *found, void *data)
{
	(void)data;
	/* A restart of Docker cannot be undone. */
	session->policy->recovery = RECOVERY_NONE;
	return undo_can(session, found) ? 0 : -1;
}

/* Sends that it waits. Returns whether the answer is yes; if not, *why is the reason. */
static bool wait_for_yes(const struct keeper *keeper, uint64_t end, const char **why)
{
	uint64_t now = clock_ms();
	struct message message = { ASK, end };
	struct pollfd fds[] = {
		{ .fd = keeper->line, .events = POLLIN },
		{ .fd = keeper->signals, .events = POLLIN },
	};

	*why = "the time was over before the report was complete";
	if (now < end)
		*why = "nobody has confirmed it in time";
	if (now < end && send(keeper->line, &message, sizeof(message), MSG_NOSIGNAL) < 0) {
		*why = "the terminal or its process is gone";
		return false;
	}
	while ((now = clock_ms()) < end) {
		if (poll(fds, ARRAY_SIZE(fds), (int)(end - now)) <= 0)
			continue;
		if (fds[1].revents) {
			*why = "it was stopped by a signal";
			return false;
		}
		*why = "the answer is no";
		if (recv(keeper->line, &message, sizeof(message), 0) == sizeof(message))
			return message.kind == YES;
		*why = "the terminal or its process is gone";
		return false;
	}
	return false;
}

/* For whoever comes back. */
static void put_in_log(int priority, const char *text)
{
	openlog("dockfw-check", LOG_PID, LOG_DAEMON);
	syslog(priority, "--try: %s", text);
	closelog();
}

/* To the terminal, if it is still there, and to the log. */
static void __attribute__((format(printf, 2, 3))) say(int priority, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	printf("%s\n", text);
	fflush(stdout);
	put_in_log(priority, text);
	free(text);
}

/* Whether a signal comes in so many milliseconds. */
static bool is_stopped(const struct keeper *keeper, unsigned int ms)
{
	struct pollfd fd = { .fd = keeper->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	return poll(&fd, 1, (int)ms) > 0 && read(keeper->signals, &info, sizeof(info)) > 0;
}

/* After the first try. */
static void say_goes_on(const struct keeper *keeper, const char *left)
{
	const struct message message = { .kind = TRIES_AGAIN };

	watch_lock_undoing(keeper->lock);
	say(LOG_WARNING, "The repair could not be undone so far: what it wrote%s is in force. Process "
	    "%d goes on trying until it can; SIGTERM ends that.", left, (int)getpid());
	(void)send(keeper->line, &message, sizeof(message), MSG_NOSIGNAL);
}

/* Takes as long as it needs: whoever is locked out cannot do anything else about it. */
static int undo(struct keeper *keeper, const struct session *session, struct repair *repair,
		const char *why)
{
	const enum severity found = findings_severity(&repair->found.findings);
	unsigned int done = 0, pause = UNDO_PAUSE_MS;
	const char *left;

	/* The signal that has ended the wait does not end this as well. */
	while (is_stopped(keeper, 0))
		;
	diag_only_new(true);
	for (bool first = true;; first = false) {
		deadline_start(keeper->options->timeout);
		diag_forget();
		if (!undo_repair(session, repair, &done))
			break;
		left = done & UNDO_GUARD ? " in ip_tables" : done & UNDO_TABLES ? " in the guard" : "";
		if (first)
			say_goes_on(keeper, left);
		if (is_stopped(keeper, pause)) {
			say(LOG_ERR, "The repair could NOT be undone: what it wrote%s is in force. dockfw-check "
			    "--remove also removes the rules of earlier repairs, which opens what only these "
			    "refuse.", left);
			return SEVERITY_UNKNOWN;
		}
		pause = pause * 2 < UNDO_PAUSE_MAX_MS ? pause * 2 : UNDO_PAUSE_MAX_MS;
	}
	say(LOG_WARNING, "The repair was undone, since %s.", why);
	return (int)(found == SEVERITY_OK ? SEVERITY_WARNING : found);
}

/* Whoever waits until nobody has it open waits for the other process only. */
static void leave_terminal(struct keeper *keeper)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	spool_leave_terminal(keeper->spool);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return;
	close(null);
}

static int keep_or_undo(struct session *session, struct repair *repair, int status, bool *keep, void *data)
{
	struct keeper *keeper = data;
	const char *why;

	leave_terminal(keeper);
	if (!repair->written) {
		*keep = status != SEVERITY_UNKNOWN && repair->found.whole;
		return status;
	}
	if (status == SEVERITY_UNKNOWN && !repair_left(repair))
		return undo(keeper, session, repair, "it failed");
	if (!wait_for_yes(keeper, repair->written_ms + keeper->options->try_seconds * 1000ULL, &why))
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

static int run_keeper(struct keeper *keeper)
{
	const struct check_hold hold = { refuse_what_stays, keep_or_undo, keeper };

	setup_child();
	setsid();
	if (spool_enter(keeper->spool))
		return SEVERITY_UNKNOWN;
	keeper->signals = open_signals();
	if (keeper->signals < 0) {
		diag_error("cannot wait for signals: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	return cmd_check_held(keeper->options, &hold);
}

/* ---- the asker ---- */

struct asker {
	const struct options *options;
	struct spool *spool;
	int line; /* to the keeper; -1: it has ended */
	int signals;
	enum { BEFORE_QUESTION, QUESTION_DUE, QUESTION_PUT, QUESTION_SHOWN, ANSWERED } state;
	uint64_t end; /* of the time for the answer */
	bool ended;  /* by a signal */
	bool tries_again;
	bool left;   /* the keeper goes on without it */
	bool done;   /* the keeper has come to its end */
	bool failed; /* to show what there is */
};

enum { OF_LINE, OF_SIGNALS, OF_INPUT, OF_SPOOL, FDS = OF_SPOOL + SPOOL_STREAMS };

/* Whatever comes later, this is the answer; none at all is a no. */
static void answer(struct asker *asker, const struct message *message)
{
	if (message)
		(void)send(asker->line, message, sizeof(*message), MSG_NOSIGNAL);
	shutdown(asker->line, SHUT_WR);
	asker->state = ANSWERED;
}

/* Reads a line of the answer. */
static void take_input(struct asker *asker)
{
	struct message message = { 0 };
	char text[64];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);
	char letter = 'n';

	if (n > 0) {
		text[n] = '\0';
		letter = answer_parse(text, "yn");
	}
	message.kind = letter == 'y' ? YES : NO;
	if (letter)
		answer(asker, &message);
	else
		spool_print(asker->spool, "yes or no: ");
}

static void take_message(struct asker *asker)
{
	struct message message;

	if (recv(asker->line, &message, sizeof(message), 0) != sizeof(message)) {
		close(asker->line);
		asker->line = -1;
		asker->state = ANSWERED;
	} else if (message.kind == DONE) {
		asker->done = true;
	} else if (message.kind == TRIES_AGAIN) {
		asker->tries_again = true;
		asker->state = ANSWERED;
		spool_print(asker->spool, "Ctrl-C leaves it to that process.\n");
	} else if (asker->state == BEFORE_QUESTION) {
		asker->state = QUESTION_DUE;
		asker->end = message.end;
	}
}

/* Once what comes before it is shown. What was typed so far is not an answer to it. */
static void put_question(struct asker *asker)
{
	uint64_t now = clock_ms();

	tcflush(STDIN_FILENO, TCIFLUSH);
	spool_print(asker->spool,
		    "\nCan you still open NEW connections to this host, as you need them?\n"
		    "Type yes to keep the repair. Without an answer it is undone in %u s: ",
		    asker->end > now ? (unsigned int)((asker->end - now) / 1000) : 0);
	asker->state = QUESTION_PUT;
}

/*
 * Any signal that ends the asker is a no. While the undo is tried again, which may take hours, it
 * leaves that to the keeper.
 */
static void take_signal(struct asker *asker)
{
	struct signalfd_siginfo info;

	(void)!read(asker->signals, &info, sizeof(info));
	asker->ended = true;
	asker->left = asker->tries_again && asker->line >= 0;
	if (asker->line >= 0)
		answer(asker, NULL);
}

/* Waits for whatever comes next, also until more can be shown. Returns whether anything came. */
static bool wait_for_news(const struct asker *asker, struct pollfd fds[FDS])
{
	bool reads = asker->state == QUESTION_SHOWN, at_end = asker->line < 0 && !asker->ended;
	int n;

	fds[OF_LINE] = (struct pollfd){ .fd = asker->line, .events = POLLIN };
	fds[OF_SIGNALS] = (struct pollfd){ .fd = asker->signals, .events = POLLIN };
	fds[OF_INPUT] = (struct pollfd){ .fd = reads ? STDIN_FILENO : -1, .events = POLLIN };
	spool_wait(asker->spool, fds + OF_SPOOL);
	n = poll(fds, FDS, at_end || reads ? -1 : SPOOL_STEP_MS);
	for (int i = 0; n < 0 && i < FDS; i++)
		fds[i].revents = 0;
	return n != 0;
}

/* Until the keeper has ended, and everything is shown. */
static void follow(struct asker *asker)
{
	while (!asker->left && (asker->line >= 0 || spool_pending(asker->spool))) {
		struct pollfd fds[FDS];

		if (asker->state == QUESTION_DUE && !spool_pending(asker->spool))
			put_question(asker);
		/* An answer is one to a question that can be read. */
		if (asker->state == QUESTION_PUT && !spool_pending(asker->spool))
			asker->state = QUESTION_SHOWN;
		/* After a signal, it does not wait until somebody reads. */
		if (!wait_for_news(asker, fds) && asker->line < 0)
			return;
		if (fds[OF_SIGNALS].revents)
			take_signal(asker);
		if (fds[OF_LINE].revents)
			take_message(asker);
		else if (fds[OF_INPUT].revents)
			take_input(asker);
		if (spool_show(asker->spool, fds + OF_SPOOL))
			asker->failed |= cmd_print_failed() != SEVERITY_OK;
	}
}

static int run_asker(struct asker *asker, pid_t keeper)
{
	char *check, *text;
	int status;

	follow(asker);
	if (asker->left)
		return SEVERITY_UNKNOWN;
	while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
		;
	if (asker->done)
		return asker->failed || !WIFEXITED(status) ? SEVERITY_UNKNOWN : WEXITSTATUS(status);
	/* Whatever ended it, also one of its own messages, which do not know of the repair. */
	check = cmd_command(asker->options, RUN_CHECK);
	text = xasprintf("the process that would undo the repair has ended before it could; what it wrote, "
			 "if anything, is in force: run %s", check);
	diag_error("%s", text);
	put_in_log(LOG_ERR, text);
	free(check);
	free(text);
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

/* From here on the asker reads them: before the fork, so that none gets lost. */
static int open_ends(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int start(const struct options *options, struct spool *spool, int lock)
{
	struct asker asker = { .options = options, .spool = spool };
	const struct message done = { .kind = DONE };
	struct keeper job = { .options = options, .lock = lock, .spool = spool };
	int lines[2], status;
	pid_t keeper;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lines)) {
		diag_error("cannot open a line between two processes: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	asker.signals = open_ends();
	fflush(NULL);
	keeper = fork();
	if (keeper < 0) {
		diag_error("cannot start a process: %s", strerror(errno));
		return SEVERITY_UNKNOWN;
	}
	if (!keeper) {
		close(lines[0]);
		job.line = lines[1];
		status = run_keeper(&job);
		(void)send(job.line, &done, sizeof(done), MSG_NOSIGNAL);
		close(lines[1]);
	} else {
		close(lines[1]);
		asker.line = lines[0];
		status = run_asker(&asker, keeper);
	}
	return status;
}

int cmd_try(const struct options *options)
{
	struct spool spool;
	int lock, status = SEVERITY_UNKNOWN;

	if (refuse_repairers(options) || (lock = watch_lock(options->state_folder, WATCH_TRIAL)) < 0)
		return SEVERITY_UNKNOWN;
	if (!spool_open(&spool))
		status = start(options, &spool, lock);
	spool_close(&spool);
	close(lock);
	return status;
}
