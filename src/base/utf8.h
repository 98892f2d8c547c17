/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UTF8_H
#define DOCKFW_UTF8_H

#include <stddef.h>
#include <stdio.h>

/* The bytes of the UTF-8 character at text (before end), 0 where there is none. */
size_t utf8_length(const unsigned char *text, const unsigned char *end);

/*
 * The same of a character that only shows: none that a terminal acts on, that
 * ends a line for some reader, or that turns the direction of writing.
 */
size_t utf8_shown(const unsigned char *text, const unsigned char *end);

/*
 * The text with everything else as \xNN: for a terminal or a line of a log. The
 * caller frees it.
 */
char *safe_text(const char *text);

/* How many characters a text of UTF-8 has. */
size_t utf8_count(const char *text);
/*
 * Writes the text, where it has more characters than width with ".." for the
 * last of those. Returns how many it wrote.
 */
size_t utf8_put(FILE *out, const char *text, size_t width);

#endif
