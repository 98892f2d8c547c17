/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UTF8_H
#define DOCKFW_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The length in bytes of the UTF-8 character at text (before end), 0 if it is not one. */
size_t utf8_length(const unsigned char *text, const unsigned char *end);

/*
 * The same, but also 0 for a character that a terminal acts on, that some reader
 * takes for the end of a line, or that changes the writing direction.
 */
size_t utf8_shown(const unsigned char *text, const unsigned char *end);

/* The code of the UTF-8 character at text, of that length. */
uint32_t utf8_code(const unsigned char *text, size_t length);

/*
 * Returns the text with all other bytes as \xNN, for a terminal or a log line. The
 * caller frees it.
 */
char *safe_text(const char *text);

/* The number of characters of a UTF-8 text. */
size_t utf8_count(const char *text);
/*
 * Writes the text; if it has more characters than width, cuts it to width and ends it
 * with "..". Returns the number of characters written.
 */
size_t utf8_put(FILE *out, const char *text, size_t width);

#endif
