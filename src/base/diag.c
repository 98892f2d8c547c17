/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utf8.h"
#include "util.h"

static struct {
	int verbosity;
	bool hold;
	bool journal;
	char *first;
	unsigned int errors;
} diag;

void diag_setup(int verbosity, bool hold)
{
	diag.verbosity = verbosity;
	diag.hold = hold;
	diag.journal = diag_journal(STDERR_FILENO);
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

static void put(int priority, const char *text)
{
	if (diag.journal)
		fprintf(stderr, "<%d>", priority);
	fprintf(stderr, "dockfw-check: %s\n", text);
}

void diag_release(bool say)
{
	if (diag.hold && say && diag.first)
		put(3, diag.first);
	diag.hold = false;
}

/* Only a quoted value makes a message longer than this. */
#define MESSAGE_MAX 1200

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

static void error_text(char *text)
{
	text = one_line(text);
	diag.errors++;
	if (!diag.hold)
		put(3, text);
	if (!diag.first)
		diag.first = text;
	else
		free(text);
}

void diag_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_text(xvasprintf(format, args));
	va_end(args);
}

void diag_error_at(const char *file, unsigned int line, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	error_text(xasprintf("%s:%u: %s", file, line, text));
	free(text);
}

void diag_warning(const char *format, ...)
{
	va_list args;
	char *text;

	if (diag.hold)
		return;
	va_start(args, format);
	text = one_line(xvasprintf(format, args));
	va_end(args);
	put(4, text);
	free(text);
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

const char *diag_first_error(void)
{
	return diag.first;
}

unsigned int diag_error_count(void)
{
	return diag.errors;
}

void diag_forget(void)
{
	diag_cleanup();
	diag.errors = 0;
}

void diag_cleanup(void)
{
	free(diag.first);
	diag.first = NULL;
}
