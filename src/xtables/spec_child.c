/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libxtables.h"
#include "spec_names.h"
#include "spec_parse.h"
#include "spec_print.h"
#include "spec_wire.h"

/* The child: libxtables' globals and exits, and a pipe to the parent. */

static struct {
	int out;
	size_t index;      /* of the current text or rule */
	bool other_family; /* a refusal may not hold for the other family */
	bool at_once;      /* send each answer before starting on the next */
	struct bytes bytes;
} child;

/* Answers that are not sent at once are sent when they reach this many bytes. */
#define SEND_AT (1 << 15)

/* The maximum size of one printed rule, in bytes. */
#define PRINT_MAX (1 << 20)

static void send_bytes(void)
{
	const uint8_t *from = child.bytes.v;
	size_t left = child.bytes.n;

	while (left) {
		ssize_t n = write(child.out, from, left);

		/* The parent is gone or wants no more. */
		if (n < 0)
			_exit(SPEC_CHILD_FAILED);
		from += n;
		left -= (size_t)n;
	}
	child.bytes.n = 0;
}

static void answered(void)
{
	if (child.at_once || child.bytes.n >= SEND_AT)
		send_bytes();
}

static void send_text(enum record_kind kind, const char *text)
{
	record_put(&child.bytes, kind, child.index, text, strlen(text));
	answered();
}

/* libxtables gave up and its state is unusable: the parent starts a new child. */
static void library_refused(const char *why)
{
	send_text(child.other_family ? RECORD_REFUSED_OTHER : RECORD_REFUSED, why);
	send_bytes();
	_exit(0);
}

static void name_refused(const char *why, bool other_family)
{
	child.other_family = other_family;
	library_refused(why);
}

static void library_failed_to_print(const char *why)
{
	send_text(RECORD_OPAQUE, why);
	send_bytes();
	_exit(0);
}

/*
 * The library called exit(). The child must not run the program's own exit
 * handlers, so this one runs first and no other follows.
 */
static void leave_at_once(void)
{
	_exit(1);
}

static void parse_one(const struct spec_job *job)
{
	struct spec_result result;

	child.other_family = false;
	spec_parse_text(job, job->texts[child.index], &result);
	if (result.error) {
		send_text(result.other_family ? RECORD_REFUSED_OTHER : RECORD_REFUSED,
			  result.error);
	} else {
		for (size_t i = 0; i < result.nrules; i++)
			record_put_rule(&child.bytes, child.index, result.rules[i]);
		record_put(&child.bytes, RECORD_DONE, child.index, NULL, 0);
		answered();
	}
	spec_result_clear(&result);
}

/* Takes the contents of the file that is stdout, and truncates it. */
static char *take_output(void)
{
	off_t size;
	char *text = NULL;

	if (fflush(stdout))
		return NULL;
	size = lseek(STDOUT_FILENO, 0, SEEK_CUR);
	if (size >= 0 && size <= PRINT_MAX) {
		text = xcalloc((size_t)size + 1, 1);
		if (pread(STDOUT_FILENO, text, (size_t)size, 0) != size) {
			free(text);
			text = NULL;
		}
	}
	if (ftruncate(STDOUT_FILENO, 0) || lseek(STDOUT_FILENO, 0, SEEK_SET))
		_exit(SPEC_CHILD_FAILED);
	return text;
}

/* The parser would not accept any other text. */
static bool is_one_line(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

static void print_one(const struct spec_job *job)
{
	char *why = spec_print_rule(job->rules[child.index]);
	char *text = take_output();

	if (why)
		send_text(RECORD_OPAQUE, why);
	else if (!text)
		send_text(RECORD_OPAQUE, "its text is too long");
	else if (!is_one_line(text))
		send_text(RECORD_OPAQUE, "its text has control characters");
	else
		send_text(RECORD_TEXT, text + (*text == ' '));
	free(text);
	free(why);
}

/* Redirects stdin and stdout; false if one could not be opened. */
static bool redirect_stdio(bool for_parsing)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int output = for_parsing ? null : memfd_create("dockfw-print", MFD_CLOEXEC);

	return null >= 0 && output >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	       dup2(output, STDOUT_FILENO) >= 0;
}

static void quiet_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM, SIGCHLD,
				       SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void spec_child_run(const struct spec_job *job, size_t first, bool at_once, int out, int errors,
		    pid_t parent)
{
	const struct rlimit no_core = { 0 };

	/* A parent that is killed must leave no child behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(SPEC_CHILD_FAILED);
	quiet_signals();
	/* This process may well crash; its core dump would be of no use. */
	setrlimit(RLIMIT_CORE, &no_core);
	/* The descriptors of stdio may have been closed, and the pipe may be one of them. */
	child.out = fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	errors = fcntl(errors, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (child.out < 0 || errors < 0 || dup2(errors, STDERR_FILENO) < 0 ||
	    !redirect_stdio(job->texts != NULL) || atexit(leave_at_once))
		_exit(SPEC_CHILD_FAILED);
	child.index = first;
	child.at_once = at_once;
	spec_names_forbid(job->family, name_refused);
	libxt_start(job->family, spec_options, job->texts != NULL,
		    job->texts ? library_refused : library_failed_to_print);
	record_put(&child.bytes, RECORD_READY, first, NULL, 0);
	answered();
	for (; child.index < job->n; child.index++) {
		/* The parent reads this file as the reason for the current text. */
		if (at_once && (ftruncate(errors, 0) || lseek(errors, 0, SEEK_SET)))
			_exit(SPEC_CHILD_FAILED);
		if (job->texts)
			parse_one(job);
		else
			print_one(job);
	}
	send_bytes();
	_exit(0);
}
