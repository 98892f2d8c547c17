/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FLAT_H
#define DOCKFW_FLAT_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/*
 * A flat text is a configuration in one piece: the main file, with the contents of the
 * included files in place of each include(). Lines that begin with FLAT_MARK, a byte that
 * no configuration has, tell which file a text is from. As comments they make the flat text
 * a configuration that means the same. Pure.
 */

#define FLAT_MARK '\1'
#define FLAT_LIMIT (16U * 1024 * 1024) /* as of a single file */
#define FLAT_DEPTH 16                  /* of files in files; more than are ever included */

/* ---- writing, in the order in which the files are read ---- */

struct flat {
	struct text text;
	size_t size;
	bool too_long;
};

void flat_open(struct flat *flat);
void flat_put(struct flat *flat, const char *data, size_t size);
/* The statement include(…), on one line, in whose place the next files are; and after them. */
void flat_include(struct flat *flat, const char *statement);
void flat_included(struct flat *flat);
/* A pattern of it, in that line of the including file, and how many files it matches. */
void flat_pattern(struct flat *flat, const char *pattern, unsigned int line, size_t matched);
/* The beginning and the end of an included file. */
void flat_file(struct flat *flat, const char *name);
void flat_file_over(struct flat *flat);
/* In place of end() in an included file, after which the flat text goes on. */
void flat_end(struct flat *flat);
/* Returns the text, which the caller frees; NULL if it is longer than FLAT_LIMIT. */
char *flat_take(struct flat *flat);

/* ---- reading ---- */

struct flat_part {
	char *name; /* owned; "" for the main file */
	char *text; /* owned; its own text, with each include() on one line */
};

struct flat_match {
	char *file, *pattern; /* owned; the including file, "" for the main file */
	unsigned int line;
	unsigned long matched;
};

/* The files of a flat text in the order in which they end, and the patterns. */
struct flat_parts {
	struct flat_part *files;
	size_t nfiles, files_room;
	struct flat_match *matches;
	size_t nmatches, matches_room;
};

/* Any text that ends in NUL can be split; the caller clears parts. */
void flat_split(const char *flat, struct flat_parts *parts);
void flat_parts_clear(struct flat_parts *parts);

/*
 * The flat text with each FLAT_MARK replaced by mark, or each line's beginning that is mark
 * by FLAT_MARK. The caller frees it.
 */
char *flat_with_marks(const char *flat, const char *mark);
char *flat_from_marks(const char *text, const char *mark);

#endif
