/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rulespec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "netlink.h"
#include "spec_child.h"
#include "spec_wire.h"
#include "spec_words.h"

/* The parent's side of one batch. */
struct spec_run {
	const struct spec_job *job;
	struct spec *specs; /* of a job that parses */
	char **texts;       /* of one that prints */
	size_t next;        /* the first text or rule without an answer */
	bool ready;         /* the current child has initialized libxtables */
	bool at_once;       /* the current child sends each answer immediately */
	pid_t pid;
	int pipe;           /* to read from the child */
	int answers[2];     /* to the child's questions; the child reads from the first */
	int errors;         /* the file that is the child's stderr */
	struct bytes bytes;
	struct netlink *netlink; /* to ask the kernel for revisions; NULL if it cannot be asked */
	bool asked;
	bool failed; /* after reporting why */
	unsigned int started, most; /* children; most: 0 if there is no limit */
};

void spec_clear(struct spec *spec)
{
	for (size_t i = 0; i < spec->nrules; i++)
		rule_free(spec->rules[i]);
	free(spec->rules);
	free(spec->error);
	*spec = (struct spec){ 0 };
}

/* ---- answers ---- */

/* Takes ownership of why. */
static void answer_refused(struct spec_run *run, char *why, bool other_family)
{
	struct spec *spec = &run->specs[run->next++];
	bool crashed = spec->crashed;

	spec_clear(spec);
	spec->error = words_doubt(run->job->texts[run->next - 1].text, why);
	spec->other_family = other_family;
	spec->crashed = crashed;
}

static void answer_opaque(struct spec_run *run, const char *why)
{
	run->texts[run->next++] = xasprintf("[opaque: %s]", why);
}

/* Answers for a child that ended without reporting why; takes ownership of why. */
static void give_up_next(struct spec_run *run, char *why, bool crashed)
{
	if (run->job->texts) {
		run->specs[run->next].crashed = crashed;
		answer_refused(run, why, false);
	} else {
		answer_opaque(run, why);
		free(why);
	}
}

static char *record_text(const struct record *record)
{
	char *text = xcalloc(record->size + 1, 1);

	memcpy(text, record->payload, record->size);
	return text;
}

static bool answer_add_rule(struct spec *spec, const struct record *record, enum family family)
{
	struct rule *rule = spec->nrules < SPEC_RULES_MAX ? record_rule(record, family) : NULL;

	if (!rule)
		return false;
	spec->rules = xreallocarray(spec->rules, spec->nrules + 1, sizeof(*spec->rules));
	spec->rules[spec->nrules++] = rule;
	return true;
}

/* Asks the kernel for the child. False if the child asks without waiting for answers. */
static bool answer_question(struct spec_run *run, const struct record *record)
{
	struct revision_question question;
	uint8_t answer;

	if (!record_question(record, &question))
		return false;
	if (!run->asked)
		run->netlink = netlink_open(NETLINK_NETFILTER);
	run->asked = true;
	answer = revision_known(run->netlink, &question);
	return write(run->answers[1], &answer, 1) == 1;
}

/* Says once at -vv which parts of the child's confinement this system does not have. */
static void say_missing(const struct record *record)
{
	static bool said;
	char *missing;

	if (said || !record->size)
		return;
	said = true;
	missing = record_text(record);
	diag_step(2, "the process for reading rules runs without %s: not available here", missing);
	free(missing);
}

/* Handles one record; false if it is not one that may come now. */
static bool take_record(struct spec_run *run, const struct record *record)
{
	bool parsing = run->job->texts != NULL;
	char *text;

	if (record->index != run->next || run->next >= run->job->n)
		return false;
	if (record->kind == RECORD_READY) {
		if (!run->ready)
			say_missing(record);
		run->ready = true;
		return true;
	}
	if (record->kind == RECORD_QUESTION)
		return parsing && answer_question(run, record);
	switch (parsing ? record->kind : RECORD_KINDS) {
	case RECORD_RULE:
		return answer_add_rule(&run->specs[run->next], record,
				       spec_job_family(run->job, run->next));
	case RECORD_DONE:
		if (run->job->texts[run->next].target != !run->specs[run->next].nrules)
			return false;
		run->next++;
		return true;
	case RECORD_REFUSED:
	case RECORD_REFUSED_OTHER:
		answer_refused(run, record_text(record), record->kind == RECORD_REFUSED_OTHER);
		return true;
	default:
		break;
	}
	if (parsing || (record->kind != RECORD_TEXT && record->kind != RECORD_OPAQUE))
		return false;
	text = record_text(record);
	if (record->kind == RECORD_TEXT) {
		run->texts[run->next++] = text;
	} else {
		answer_opaque(run, text);
		free(text);
	}
	return true;
}

/* Handles all complete records; false if there is anything else. */
static bool take_records(struct spec_run *run)
{
	struct record record;
	size_t used = 0;
	long size;

	for (;;) {
		struct bytes rest = { run->bytes.v + used, run->bytes.n - used, 0 };

		size = record_get(&rest, &record);
		if (size <= 0)
			break;
		if (!take_record(run, &record))
			return false;
		used += (size_t)size;
	}
	bytes_drop(&run->bytes, used);
	return size == 0;
}

/* ---- the child ---- */

static void close_both(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Makes the two pipes; -1 with errno. An answer that the child does not read must not wait. */
static int open_pipes(int ends[2], int answers[2])
{
	int error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (!pipe2(answers, O_CLOEXEC)) {
		if (!fcntl(answers[1], F_SETFL, O_NONBLOCK))
			return 0;
		error = errno;
		close_both(answers);
		errno = error;
	}
	error = errno;
	close_both(ends);
	errno = error;
	return -1;
}

static int start_child(struct spec_run *run)
{
	int ends[2];
	struct spec_ends child = { .errors = run->errors, .parent = getpid() };

	if (open_pipes(ends, run->answers) < 0) {
		diag_error("cannot create a pipe for reading rules: %s", strerror(errno));
		return -1;
	}
	child.out = ends[1];
	child.answers = run->answers[0];
	/* The child must not write what is buffered here. */
	fflush(stdout);
	run->pid = fork();
	if (run->pid < 0) {
		diag_error("cannot start a process for reading rules: %s", strerror(errno));
		close_both(ends);
		close_both(run->answers);
		return -1;
	}
	if (!run->pid)
		spec_child_run(run->job, run->next, run->at_once, &child);
	close(ends[1]);
	run->started++;
	run->pipe = ends[0];
	run->ready = false;
	run->bytes.n = 0;
	return 0;
}

static int stop_child(struct spec_run *run)
{
	int status = 0;

	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(run->pipe);
	/* Both ends, so that the answer to a child that has ended raises no SIGPIPE. */
	close_both(run->answers);
	run->pid = 0;
	return status;
}

/* Reads from the child: 1, 0 at its end, -1 after reporting that time ran out. */
static int read_child(struct spec_run *run)
{
	/* Not on the stack, which the compiler has cleared each time. */
	static uint8_t buffer[65536];
	struct pollfd poll_pipe = { .fd = run->pipe, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (deadline_check() < 0)
			return -1;
		if (poll(&poll_pipe, 1, deadline_poll(UINT_MAX)) <= 0)
			continue;
		n = read(run->pipe, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		bytes_add(&run->bytes, buffer, (size_t)n);
		return 1;
	}
}

/* The last line that the child wrote to stderr; NULL if there is none. */
static char *last_words(const struct spec_run *run)
{
	char buffer[4096];
	ssize_t n = pread(run->errors, buffer, sizeof(buffer) - 1, 0);
	char *line;

	while (n > 0 && buffer[n - 1] == '\n')
		n--;
	if (n <= 0)
		return NULL;
	buffer[n] = '\0';
	line = strrchr(buffer, '\n');
	return xstrdup(line ? line + 1 : buffer);
}

/* Whether the child ended for a reason other than the text. */
static bool child_failed(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
	       (WIFEXITED(status) && WEXITSTATUS(status) >= SPEC_CHILD_FAILED);
}

/* Why a child ended that did not report it. */
static char *why_ended(const struct spec_run *run, int status)
{
	char *words;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return xstrdup("it was killed; is memory short?");
	if (WIFSIGNALED(status))
		return xasprintf("libxtables crashed on it (%s)", strsignal(WTERMSIG(status)));
	words = last_words(run);
	return words ? words : xstrdup(child_failed(status) ? "it ended without a message" :
				       "libxtables exited on it without a message");
}

/*
 * A child that sends its answers together failed somewhere among them: discards
 * all of them. The next child sends each at once, which shows where it fails.
 */
static void take_back(struct spec_run *run, size_t first)
{
	for (size_t i = first; i < run->job->n && i <= run->next; i++) {
		if (run->job->texts) {
			spec_clear(&run->specs[i]);
		} else {
			free(run->texts[i]);
			run->texts[i] = NULL;
		}
	}
	run->next = first;
	run->at_once = true;
}

/* Waits for all answers of the child; false if the time is over. */
static bool take_answers(struct spec_run *run, bool *sane)
{
	int got;

	do {
		got = read_child(run);
		if (got > 0)
			*sane = take_records(run);
	} while (got > 0 && *sane);
	return got >= 0;
}

/*
 * Takes the answers of one child, which is at least one, or sets at_once for a new child. Starts
 * it unless it runs.
 */
static int run_child(struct spec_run *run)
{
	size_t first = run->next;
	bool sane = true, in_time, wrong;
	char *why;
	int status;

	if (!run->pid && start_child(run) < 0)
		return -1;
	in_time = take_answers(run, &sane);
	status = stop_child(run);
	if (!in_time)
		return -1;
	/* It was short of memory or descriptors, or was killed to free memory. */
	if (sane && child_failed(status)) {
		why = why_ended(run, status);
		diag_error("a process for reading rules failed: %s", why);
		free(why);
		return -1;
	}
	/* A child that reported why ended properly, and left no partial record. */
	wrong = !sane || !run->ready ||
		(run->next < run->job->n && (run->next == first || status || run->bytes.n));
	if (wrong && !run->at_once) {
		take_back(run, first);
		return 0;
	}
	if (sane && !run->ready) {
		why = why_ended(run, status);
		diag_error("libxtables cannot be started: %s", why);
		free(why);
		return -1;
	}
	if (!sane)
		give_up_next(run, xstrdup("libxtables corrupted its process on it"), true);
	else if (wrong)
		give_up_next(run, why_ended(run, status), WIFSIGNALED(status));
	run->at_once = false;
	return 0;
}

/* Starts the first child. end_job() returns whether that failed. */
static void begin_job(struct spec_run *run)
{
	if (!run->job->n)
		return;
	run->errors = memfd_create("dockfw-stderr", MFD_CLOEXEC);
	if (run->errors < 0)
		diag_error("cannot create a memory file for reading rules: %s", strerror(errno));
	run->failed = run->errors < 0 || start_child(run);
}

static bool needs_too_many(const struct spec_run *run)
{
	return run->most && run->started == run->most && !run->pid && run->next < run->job->n;
}

/* Takes all answers, from more children if it must. Returns 1 if it must have too many. */
static int end_job(struct spec_run *run)
{
	while (!run->failed && run->next < run->job->n && !needs_too_many(run))
		run->failed = run_child(run) != 0;
	if (run->job->n && run->errors >= 0)
		close(run->errors);
	netlink_close(run->netlink);
	free(run->bytes.v);
	return run->failed ? -1 : needs_too_many(run);
}

/* ---- both ways ---- */

static int parse_batch(const struct spec_text *texts, size_t n, const struct strings *chains,
		       struct spec *specs)
{
	const struct spec_job job = { .n = n, .texts = texts, .chains = chains };
	struct spec_run run = { .job = &job, .specs = specs };

	begin_job(&run);
	return end_job(&run);
}

/*
 * Parses some of the texts again, in their own family or in the other one: answers[i] is for
 * text which[i].
 */
static int try_some(const struct spec_text *texts, const size_t *which, size_t n, bool other,
		    const struct strings *chains, struct spec *answers)
{
	struct spec_text *tried = xcalloc(n, sizeof(*tried));
	int result;

	for (size_t i = 0; i < n; i++) {
		tried[i] = texts[which[i]];
		if (other)
			tried[i].family = !tried[i].family;
	}
	result = parse_batch(tried, n, chains, answers);
	free(tried);
	return result;
}

static void clear_some(struct spec *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		spec_clear(&answers[i]);
}

/*
 * A rule that only the other family accepts is left out of this one. That must be
 * libxtables' verdict on the rule, not a passing lack of memory or of a file.
 */
static int refuse_again(const struct spec_text *texts, const size_t *which, size_t n,
			const struct strings *chains, struct spec *answers)
{
	int result = try_some(texts, which, n, false, chains, answers);

	for (size_t i = 0; i < n && !result; i++) {
		if (answers[i].error)
			continue;
		diag_error("libxtables refused the rule '%s' the first time but not the second; "
			   "run it again", texts[which[i]].text);
		result = -1;
	}
	return result;
}

/*
 * Parses refused texts in the other family: an option, a value or an extension
 * may exist only there.
 */
static int try_other_family(const struct spec_text *texts, size_t n, const struct strings *chains,
			    struct spec *specs)
{
	struct spec *answers = xcalloc(n, sizeof(*answers));
	size_t *which = xcalloc(n, sizeof(*which));
	size_t tried = 0, taken = 0;
	int result;

	for (size_t i = 0; i < n; i++)
		if (specs[i].error && !specs[i].other_family && !specs[i].crashed && !texts[i].target)
			which[tried++] = i;
	result = try_some(texts, which, tried, true, chains, answers);
	for (size_t i = 0; i < tried && !result; i++) {
		if (answers[i].error)
			continue;
		specs[which[i]].other_family = true;
		which[taken++] = which[i];
	}
	clear_some(answers, tried);
	if (!result)
		result = refuse_again(texts, which, taken, chains, answers);
	clear_some(answers, taken);
	free(which);
	free(answers);
	return result;
}

struct spec_batch {
	struct spec_job job;
	struct spec_run run;
};

struct spec_batch *rulespec_begin(const struct spec_text *texts, size_t n,
				  const struct strings *chains, struct spec *specs)
{
	struct spec_batch *batch = xcalloc(1, sizeof(*batch));

	for (size_t i = 0; i < n; i++)
		specs[i] = (struct spec){ 0 };
	batch->job = (struct spec_job){ .n = n, .texts = texts, .chains = chains };
	batch->run = (struct spec_run){ .job = &batch->job, .specs = specs };
	begin_job(&batch->run);
	return batch;
}

int rulespec_end(struct spec_batch *batch, unsigned int most)
{
	const struct spec_job *job = &batch->job;
	struct spec *specs = batch->run.specs;
	int result;

	batch->run.most = most;
	result = end_job(&batch->run);
	if (!result)
		result = try_other_family(job->texts, job->n, job->chains, specs);
	for (size_t i = 0; i < job->n && result; i++)
		spec_clear(&specs[i]);
	free(batch);
	return result;
}

int rulespec_parse(enum family family, const char *const *texts, size_t n,
		   const struct strings *chains, struct spec *specs)
{
	struct spec_text *all = xcalloc(n, sizeof(*all));
	int result;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct spec_text){ .family = family, .text = texts[i] };
	result = rulespec_end(rulespec_begin(all, n, chains, specs), 0);
	free(all);
	return result;
}

int rulespec_print(const struct rule *const *rules, size_t n, char **texts)
{
	const struct rule **whole = xcalloc(n, sizeof(*whole));
	char **printed = xcalloc(n, sizeof(*printed));
	struct spec_job job = { .rules = whole };
	struct spec_run run = { .job = &job, .texts = printed };
	size_t next = 0;
	int result;

	for (size_t i = 0; i < n; i++)
		if (!rules[i]->opaque)
			whole[job.n++] = rules[i];
	begin_job(&run);
	result = end_job(&run);
	for (size_t i = 0; i < n; i++) {
		if (result < 0)
			texts[i] = NULL;
		else if (rules[i]->opaque)
			texts[i] = xasprintf("[opaque: %s]", rules[i]->opaque);
		else
			texts[i] = printed[next++];
	}
	for (size_t i = next; i < job.n; i++)
		free(printed[i]);
	free(printed);
	free(whole);
	return result;
}
