/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ready_write.h"
#include "utf8.h"

/* A message that is kept until it can be put in order. */
struct kept_message {
	char *text; /* owned */
	char *file; /* owned; NULL: about no line of a file */
	unsigned int line;
	size_t rank; /* of the file */
	size_t number; /* in the order in which they came */
	int priority;
};

static struct {
	int verbosity;
	bool hold;
	bool journal;
	bool never_waits;
	struct ready_write out; /* if so */
	bool terminal; /* at the start */
	char *first;
	bool once;       /* an error equal to the first one is not reported again */
	bool only_new;
	struct strings printed; /* while only_new was on */
	unsigned int errors;
	bool in_file;
	bool sorting;
	bool first_kept; /* the first error is one of those that are kept */
	struct kept_message *kept;
	size_t nkept, room;
} diag;

void diag_setup(int verbosity, bool hold)
{
	diag.verbosity = verbosity;
	diag.hold = hold;
	diag.journal = diag_journal(STDERR_FILENO);
	diag.terminal = isatty(STDERR_FILENO);
}

/* systemd tells a service which stream is the journal's; a child may have another one. */
bool diag_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat stat;
	char *name;
	bool same;

	if (!stream || fstat(fd, &stat) < 0)
		return false;
	name = xasprintf("%llu:%llu", (unsigned long long)stat.st_dev,
			 (unsigned long long)stat.st_ino);
	same = !strcmp(stream, name);
	free(name);
	return same;
}

void diag_never_wait(void)
{
	diag.never_waits = true;
	ready_write_begin(&diag.out, STDERR_FILENO);
}

/* Of syslog(3), as the journal reads them. */
#define PRIORITY_ERROR 3
#define PRIORITY_WARNING 4

static int put_line(int priority, const char *text)
{
	char mark[16] = "", *line;
	int status = 0;

	if (diag.journal)
		snprintf(mark, sizeof(mark), "<%d>", priority);
	line = xasprintf("%sdockfw-check: %s\n", mark, text);
	if (diag.never_waits)
		status = ready_write(&diag.out, line, strlen(line));
	else
		fputs(line, stderr);
	free(line);
	return status;
}

static void put(int priority, const char *text)
{
	unsigned int lost = diag.out.lost;
	char *note;

	if (put_line(priority, text) || !lost)
		return;
	note = xasprintf("%u message%s before this one %s not printed: standard error did not take %s", lost,
			 lost == 1 ? "" : "s", lost == 1 ? "was" : "were", lost == 1 ? "it" : "them");
	if (!put_line(PRIORITY_WARNING, note))
		diag.out.lost = 0;
	else
		diag.out.lost = lost;
	free(note);
}

void diag_release(bool say)
{
	if (diag.hold && say && diag.first)
		put(3, diag.first);
	diag.hold = false;
}

/* Only a quoted value makes a message longer than this. */
#define MESSAGE_MAX 1200

/* More different ones are not remembered. */
#define PRINTED_MOST 100

static void put_new(int priority, const char *text)
{
	if (diag.only_new && strings_has(&diag.printed, text))
		return;
	if (diag.printed.n == PRINTED_MOST)
		diag_all_new();
	if (diag.only_new)
		strings_add(&diag.printed, text);
	put(priority, text);
}

/* Keeps the beginning, and the end with the reason. Never splits a UTF-8 character. */
static void cut_middle(char *text)
{
	static const char gap[] = " [...] ";
	size_t length = strlen(text), head = MESSAGE_MAX / 2, tail = length - MESSAGE_MAX / 2;

	if (length <= MESSAGE_MAX)
		return;
	while (head && (text[head] & 0xc0) == 0x80)
		head--;
	while (tail < length && (text[tail] & 0xc0) == 0x80)
		tail++;
	memcpy(text + head, gap, sizeof(gap) - 1);
	memmove(text + head + sizeof(gap) - 1, text + tail, length - tail + 1);
}

/* Takes over text and returns it as one line, with control characters escaped. */
static char *one_line(char *text)
{
	char *safe;

	cut_middle(text);
	safe = safe_text(text);
	free(text);
	return safe;
}

/* Takes over text. */
static void keep(int priority, char *text, const char *file, unsigned int line)
{
	GROW(diag.kept, diag.nkept, diag.room);
	diag.kept[diag.nkept] = (struct kept_message){
		.text = text, .file = file ? xstrdup(file) : NULL, .line = line,
		.number = diag.nkept, .priority = priority,
	};
	diag.nkept++;
}

/* Takes over text, which begins with the place if it is about one. */
static void error_text(char *text, const char *file, unsigned int line)
{
	text = one_line(text);
	if (diag.once && diag.first && !strcmp(diag.first, text)) {
		free(text);
		return;
	}
	diag.errors++;
	if (diag.sorting)
		keep(PRIORITY_ERROR, xstrdup(text), file, line);
	else if (!diag.hold)
		put_new(PRIORITY_ERROR, text);
	if (!diag.first) {
		diag.first = text;
		diag.first_kept = diag.sorting;
	} else {
		free(text);
	}
}

void diag_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_text(xvasprintf(format, args), NULL, 0);
	va_end(args);
}

void diag_error_at(const char *file, unsigned int line, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	error_text(xasprintf("%s:%u: %s", file, line, text), file, line);
	diag.in_file = true;
	free(text);
}

static void warning_text(char *text, const char *file, unsigned int line)
{
	text = one_line(text);
	if (diag.sorting) {
		keep(PRIORITY_WARNING, text, file, line);
		return;
	}
	put_new(PRIORITY_WARNING, text);
	free(text);
}

void diag_warning(const char *format, ...)
{
	va_list args;

	if (diag.hold)
		return;
	va_start(args, format);
	warning_text(xvasprintf(format, args), NULL, 0);
	va_end(args);
}

void diag_warning_at(const char *file, unsigned int line, const char *format, ...)
{
	va_list args;
	char *text;

	if (diag.hold)
		return;
	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	warning_text(xasprintf("%s:%u: %s", file, line, text), file, line);
	free(text);
}

/* ---- in order ---- */

void diag_sort_begin(void)
{
	diag.sorting = true;
}

static size_t rank_of(const struct strings *files, const char *file)
{
	size_t rank = 0;

	while (file && rank < files->n && strcmp(files->v[rank], file))
		rank++;
	return file ? rank : SIZE_MAX;
}

static int by_place(const void *a, const void *b)
{
	const struct kept_message *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

void diag_sort_end(const struct strings *files)
{
	bool first = false;

	diag.sorting = false;
	for (size_t i = 0; i < diag.nkept; i++)
		diag.kept[i].rank = rank_of(files, diag.kept[i].file);
	if (diag.nkept)
		qsort(diag.kept, diag.nkept, sizeof(*diag.kept), by_place);
	for (size_t i = 0; i < diag.nkept; i++) {
		struct kept_message *message = &diag.kept[i];

		if (!diag.hold)
			put(message->priority, message->text);
		/* The first error of the file, if there was none before the file. */
		if (message->priority == PRIORITY_ERROR && !first && diag.first_kept) {
			free(diag.first);
			diag.first = xstrdup(message->text);
			first = true;
		}
		free(message->text);
		free(message->file);
	}
	free(diag.kept);
	diag.kept = NULL;
	diag.nkept = diag.room = 0;
	diag.first_kept = false;
}

void diag_step(int level, const char *format, ...)
{
	va_list args;
	char *text;

	if (diag.hold || diag.verbosity < level)
		return;
	va_start(args, format);
	text = one_line(xvasprintf(format, args));
	va_end(args);
	put(7, text);
	free(text);
}

void diag_wait(const char *what, unsigned int ms)
{
	static const char *last;

	if (diag.hold || diag.never_waits || diag.verbosity < 0 || what == last || ms < 1000 || !diag.terminal)
		return;
	last = what;
	fprintf(stderr, "dockfw-check: waiting for %s, at most %u s\n", what, (ms + 999) / 1000);
}

void diag_once(bool once)
{
	diag.once = once;
}

void diag_only_new(bool only_new)
{
	diag.only_new = only_new;
}

void diag_all_new(void)
{
	strings_clear(&diag.printed);
}

const char *diag_first_error(void)
{
	return diag.first;
}

unsigned int diag_error_count(void)
{
	return diag.errors;
}

bool diag_error_in_file(void)
{
	return diag.in_file;
}

void diag_forget(void)
{
	diag_cleanup();
	diag.errors = 0;
	diag.in_file = false;
}

void diag_cleanup(void)
{
	free(diag.first);
	diag.first = NULL;
}
