/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "deadline.h"
#include "libxtables.h"
#include "spec_confine.h"
#include "spec_names.h"
#include "spec_parse.h"
#include "spec_print.h"
#include "spec_wire.h"
#include "spec_words.h"

/* The child: libxtables' globals and exits, and a pipe to the parent. */

/* The descriptors after those of stdio. */
enum {
	OUT = STDERR_FILENO + 1,
	ANSWERS,
	ERRORS, /* the same file as stderr */
	DESCRIPTORS,
};

static struct {
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
		ssize_t n = write(OUT, from, left);

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

/* More than an extension needs. */
#define ROOM (1 << 18)

/*
 * libxtables takes an extension that dlopen() has no memory for as one that does not exist.
 * So what it refuses without memory is not a verdict on the rule.
 */
static void end_if_short_of_memory(void)
{
	static const char text[] = "out of memory";
	void *room = mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room != MAP_FAILED) {
		munmap(room, ROOM);
		return;
	}
	/* Without the words, the parent reports the status alone. */
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(SPEC_CHILD_FAILED);
}

/* libxtables gave up and its state is unusable: the parent starts a new child. */
static void library_refused(const char *why)
{
	end_if_short_of_memory();
	send_text(child.other_family ? RECORD_REFUSED_OTHER : RECORD_REFUSED, why);
	send_bytes();
	_exit(0);
}

/* The parent asks the kernel. It has all answers before the question. */
static bool ask_parent(const struct revision_question *question)
{
	uint8_t answer;

	record_put(&child.bytes, RECORD_QUESTION, child.index, question, sizeof(*question));
	send_bytes();
	if (read(ANSWERS, &answer, 1) != 1)
		_exit(SPEC_CHILD_FAILED);
	return answer;
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

static void judge_name(const char *name)
{
	if (libxt_has_target(name)) {
		send_text(RECORD_REFUSED, "it is the name of a target");
		return;
	}
	end_if_short_of_memory();
	record_put(&child.bytes, RECORD_DONE, child.index, NULL, 0);
	answered();
}

static void parse_one(const struct spec_job *job)
{
	struct spec_result result;

	child.other_family = false;
	if (job->texts[child.index].target) {
		judge_name(job->texts[child.index].text);
		return;
	}
	spec_parse_text(&job->texts[child.index], job->chains, &result);
	if (result.error) {
		end_if_short_of_memory();
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

/* The parent reads that file as the reason. */
static int open_null(int errors)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		dprintf(errors, "cannot open '/dev/null': %s\n", strerror(errno));
	return fd;
}

/*
 * Arranges the descriptors. Those of stdio may have been closed, so that the given ones
 * may have any number: they are moved out of the way first. False if one is missing.
 */
static bool take_descriptors(const struct spec_ends *ends, bool for_parsing)
{
	int out = fcntl(ends->out, F_DUPFD_CLOEXEC, DESCRIPTORS);
	int answers = fcntl(ends->answers, F_DUPFD_CLOEXEC, DESCRIPTORS);
	int errors = fcntl(ends->errors, F_DUPFD_CLOEXEC, DESCRIPTORS);
	int null = open_null(ends->errors);
	int output = for_parsing ? null : memfd_create("dockfw-print", MFD_CLOEXEC);
	int moved;

	if (out < 0 || answers < 0 || errors < 0 || null < 0 || output < 0)
		return false;
	/* One of the numbers that will be overwritten, so moved as well. */
	moved = fcntl(null, F_DUPFD_CLOEXEC, DESCRIPTORS);
	output = fcntl(output, F_DUPFD_CLOEXEC, DESCRIPTORS);
	return moved >= 0 && output >= 0 && dup2(moved, STDIN_FILENO) >= 0 &&
	       dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0 &&
	       dup2(out, OUT) >= 0 && dup2(answers, ANSWERS) >= 0 && dup2(errors, ERRORS) >= 0;
}

/* A crash must end the child by its signal: the program's handler would exit as if it had failed. */
static void quiet_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM, SIGCHLD,
				       SIGUSR1, SIGUSR2, SIGABRT, SIGBUS, SIGFPE, SIGILL,
				       SIGSEGV, SIGSYS, SIGTRAP };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_set(const char *word)
{
	size_t n = strlen(word);

	/* "-mset" is one word. */
	return n >= 3 && !strcasecmp(word + n - 3, "set");
}

static bool text_has_set(const char *text)
{
	struct words words = { 0 };
	char *error = words_split(text, &words);
	bool has = false;

	for (int i = 1; !error && i < words.n; i++)
		has = has || is_set(words.v[i]);
	if (!error)
		words_clear(&words);
	free(error);
	return has;
}

static bool rule_has_set(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (is_set(rule->matches[i].name))
			return true;
	return rule->verdict == VERDICT_EXT && is_set(rule->target.name);
}

/* Whether -m set or -j SET may have to ask the kernel for the number or name of a set. */
static bool has_sets(const struct spec_job *job, size_t first)
{
	for (size_t i = first; i < job->n; i++)
		if (!job->texts ? rule_has_set(job->rules[i]) :
				  !job->texts[i].target && text_has_set(job->texts[i].text))
			return true;
	return false;
}

/* Returns what the confinement is without (see spec_confine()). */
static char *confine(const struct spec_job *job, size_t first)
{
	const struct confinement keep = {
		.descriptors = DESCRIPTORS,
		/* It ends with its parent's time limit; this holds even if it can delay that. */
		.seconds = deadline_left() / 1000 + 2,
		.sets = has_sets(job, first),
	};
	char *missing = spec_confine(&keep);

	if (!missing) {
		fprintf(stderr, "it cannot be confined: %s\n", strerror(errno));
		_exit(SPEC_CHILD_FAILED);
	}
	return missing;
}

/*
 * Goes on with the other family if libxtables can; otherwise ends, and the parent starts a new
 * child. All answers up to here must have been sent.
 */
static void switch_family(enum family family)
{
	spec_names_forbid(family, name_refused);
	if (!libxt_switch(family)) {
		send_bytes();
		_exit(0);
	}
}

static void answer_all(const struct spec_job *job, size_t first, bool at_once)
{
	for (; child.index < job->n; child.index++) {
		/* The parent reads this file as the reason for the current text. */
		if (at_once && (ftruncate(ERRORS, 0) || lseek(ERRORS, 0, SEEK_SET)))
			_exit(SPEC_CHILD_FAILED);
		if (child.index > first &&
		    spec_job_family(job, child.index) != spec_job_family(job, child.index - 1))
			switch_family(spec_job_family(job, child.index));
		if (job->texts)
			parse_one(job);
		else
			print_one(job);
	}
}

void spec_child_run(const struct spec_job *job, size_t first, bool at_once,
		    const struct spec_ends *ends)
{
	enum family family = spec_job_family(job, first);
	char *missing;

	/* A parent that is killed must leave no child behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(SPEC_CHILD_FAILED);
	quiet_signals();
	if (!take_descriptors(ends, job->texts != NULL) || atexit(leave_at_once))
		_exit(SPEC_CHILD_FAILED);
	missing = confine(job, first);
	if (getppid() != ends->parent)
		_exit(SPEC_CHILD_FAILED);
	child.index = first;
	child.at_once = at_once;
	spec_names_forbid(family, name_refused);
	libxt_start(family, spec_options, job->texts ? ask_parent : NULL,
		    job->texts ? library_refused : library_failed_to_print);
	record_put(&child.bytes, RECORD_READY, first, missing, strlen(missing));
	free(missing);
	answered();
	answer_all(job, first, at_once);
	send_bytes();
	_exit(0);
}
