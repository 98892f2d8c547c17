/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "util.h"

/* The words of the marks. */
#define WORD_INCLUDE "include: "
#define WORD_INCLUDED "included"
#define WORD_MATCHES "matches: "
#define WORD_FILE "file: "
#define WORD_OVER "end of file"
#define WORD_END "end()"

static const char line_mark[] = { '\n', FLAT_MARK, '\0' };

void flat_open(struct flat *flat)
{
	*flat = (struct flat){ 0 };
	text_open(&flat->text);
}

void flat_put(struct flat *flat, const char *data, size_t size)
{
	flat->too_long |= size > FLAT_LIMIT - flat->size;
	if (flat->too_long)
		return;
	flat->size += size;
	fwrite(data, 1, size, flat->text.out);
}

/* The words may be of a file's name, which can have a newline. */
static void put_mark(struct flat *flat, const char *word, const char *words)
{
	char *safe = safe_text(words), *line = xasprintf("%s%s%s\n", line_mark, word, safe);

	flat_put(flat, line, strlen(line));
	free(line);
	free(safe);
}

void flat_include(struct flat *flat, const char *statement)
{
	char *line = xasprintf("%s%s%s\n", line_mark, WORD_INCLUDE, statement);

	flat_put(flat, line, strlen(line));
	free(line);
}

void flat_included(struct flat *flat)
{
	put_mark(flat, WORD_INCLUDED, "");
}

void flat_pattern(struct flat *flat, const char *pattern, unsigned int line, size_t matched)
{
	char *word = xasprintf(WORD_MATCHES "%zu in line %u: ", matched, line);

	put_mark(flat, word, pattern);
	free(word);
}

void flat_file(struct flat *flat, const char *name)
{
	put_mark(flat, WORD_FILE, name);
}

void flat_file_over(struct flat *flat)
{
	put_mark(flat, WORD_OVER, "");
}

void flat_end(struct flat *flat)
{
	put_mark(flat, WORD_END, "");
}

char *flat_take(struct flat *flat)
{
	char *text = text_take(&flat->text);

	if (!flat->too_long)
		return text;
	free(text);
	return NULL;
}

/* ---- reading ---- */

/* The files that are open, the main file first. */
struct splitting {
	struct flat_parts *parts;
	struct {
		char *name;
		struct text text;
	} open[FLAT_DEPTH];
	size_t depth;
};

static void split_open(struct splitting *splitting, const char *name)
{
	splitting->open[splitting->depth].name = xstrdup(name);
	text_open(&splitting->open[splitting->depth++].text);
}

static void split_close(struct splitting *splitting)
{
	struct flat_parts *parts = splitting->parts;

	splitting->depth--;
	GROW(parts->files, parts->nfiles, parts->files_room);
	parts->files[parts->nfiles++] = (struct flat_part){
		.name = splitting->open[splitting->depth].name,
		.text = text_take(&splitting->open[splitting->depth].text),
	};
}

static void split_put(struct splitting *splitting, const char *text, size_t size)
{
	fwrite(text, 1, size, splitting->open[splitting->depth - 1].text.out);
}

/* The number at the start of the text, and what follows it and the words; NULL if it is not so. */
static const char *split_number(const char *text, const char *words, unsigned long *number)
{
	size_t length = strlen(words);
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return end == text || errno || strncmp(end, words, length) ? NULL : end + length;
}

static void split_match(struct splitting *splitting, const char *text)
{
	struct flat_parts *parts = splitting->parts;
	struct flat_match match = { 0 };
	unsigned long line;
	const char *pattern;

	if (!(text = split_number(text, " in line ", &match.matched)) ||
	    !(pattern = split_number(text, ": ", &line)))
		return;
	match.line = line;
	match.pattern = xstrdup(pattern);
	match.file = xstrdup(splitting->open[splitting->depth - 1].name);
	GROW(parts->matches, parts->nmatches, parts->matches_room);
	parts->matches[parts->nmatches++] = match;
}

/* What follows the word in the mark, or NULL. */
static const char *after_word(const char *mark, const char *word)
{
	size_t length = strlen(word);

	return strncmp(mark, word, length) ? NULL : mark + length;
}

static void split_mark(struct splitting *splitting, const char *mark)
{
	const char *rest;

	if ((rest = after_word(mark, WORD_INCLUDE)))
		split_put(splitting, rest, strlen(rest));
	else if (!strcmp(mark, WORD_END))
		split_put(splitting, mark, strlen(mark));
	else if ((rest = after_word(mark, WORD_MATCHES)))
		split_match(splitting, rest);
	else if ((rest = after_word(mark, WORD_FILE)) && splitting->depth < FLAT_DEPTH)
		split_open(splitting, rest);
	else if (!strcmp(mark, WORD_OVER) && splitting->depth > 1)
		split_close(splitting);
}

void flat_split(const char *flat, struct flat_parts *parts)
{
	struct splitting splitting = { .parts = parts };
	const char *at = flat, *mark;

	*parts = (struct flat_parts){ 0 };
	split_open(&splitting, "");
	while ((mark = strstr(at, line_mark))) {
		const char *line = mark + strlen(line_mark);
		size_t length = strcspn(line, "\n");
		char *words = xasprintf("%.*s", (int)length, line);

		split_put(&splitting, at, (size_t)(mark - at));
		split_mark(&splitting, words);
		free(words);
		at = line + length + (line[length] == '\n');
	}
	split_put(&splitting, at, strlen(at));
	while (splitting.depth)
		split_close(&splitting);
}

void flat_parts_clear(struct flat_parts *parts)
{
	for (size_t i = 0; i < parts->nfiles; i++) {
		free(parts->files[i].name);
		free(parts->files[i].text);
	}
	for (size_t i = 0; i < parts->nmatches; i++) {
		free(parts->matches[i].file);
		free(parts->matches[i].pattern);
	}
	free(parts->files);
	free(parts->matches);
	*parts = (struct flat_parts){ 0 };
}

/* Replaces each from by to. */
static char *replace(const char *text, const char *from, const char *to)
{
	struct text out;
	const char *found;

	text_open(&out);
	while ((found = strstr(text, from))) {
		fwrite(text, 1, (size_t)(found - text), out.out);
		fputs(to, out.out);
		text = found + strlen(from);
	}
	fputs(text, out.out);
	return text_take(&out);
}

char *flat_with_marks(const char *flat, const char *mark)
{
	const char one[] = { FLAT_MARK, '\0' };

	return replace(flat, one, mark);
}

char *flat_from_marks(const char *text, const char *mark)
{
	char *line = xasprintf("\n%s", mark), *flat = replace(text, line, line_mark);

	free(line);
	return flat;
}
