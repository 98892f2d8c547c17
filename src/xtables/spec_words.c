/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "util.h"

void words_clear(struct words *words)
{
	for (int i = 0; i < words->n; i++)
		free(words->v[i]);
	free(words->v);
	*words = (struct words){ 0 };
}

static void words_add(struct words *words, size_t *room, const char *text, size_t length)
{
	char *word = xcalloc(length + 1, 1);

	memcpy(word, text, length);
	/* One more place for the NULL after the last word. */
	while ((size_t)words->n + 2 > *room) {
		*room = *room ? 2 * *room : 32;
		words->v = xreallocarray(words->v, *room, sizeof(*words->v));
	}
	words->v[words->n++] = word;
	words->v[words->n] = NULL;
}

static char *bad_text(const char *text)
{
	size_t length = strlen(text);

	if (length > SPEC_TEXT_MAX)
		return xasprintf("the rule has %zu bytes; at most %d are read", length,
				 SPEC_TEXT_MAX);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < 0x20 && *c != '\t' && *c != '\n') || *c == 0x7f)
			return xasprintf("control character \\x%02x at byte %zu", *c,
					 (size_t)(c - (const unsigned char *)text) + 1);
	return NULL;
}

/*
 * The quoting of iptables-restore: only " quotes, \ escapes only within quotes,
 * and a closing quote ends the word even if no blank follows it. Unlike there, a
 * word may have any length (a list of addresses is one word), and an unclosed
 * quote or a newline within quotes is an error.
 */
char *words_split(const char *text, struct words *words)
{
	char *word = NULL, *error;
	size_t length = 0, room = 0;
	bool quoted = false;

	*words = (struct words){ 0 };
	error = bad_text(text);
	if (error)
		return error;
	words_add(words, &room, "iptables", strlen("iptables"));
	word = xcalloc(strlen(text) + 1, 1);
	for (const char *c = text; *c; c++) {
		bool end = false;

		if (quoted && *c == '\\' && c[1] && c[1] != '\n')
			word[length++] = *++c;
		else if (*c == '"') {
			end = quoted;
			quoted = !quoted;
		} else if (quoted && *c == '\n')
			break;
		else if (!quoted && (*c == ' ' || *c == '\t' || *c == '\n'))
			end = length > 0;
		else
			word[length++] = *c;
		if (end) {
			words_add(words, &room, word, length);
			length = 0;
		}
	}
	if (quoted) {
		error = xasprintf("a \" is not closed before the end of the %s",
				  strchr(text, '\n') ? "line" : "rule");
		words_clear(words);
	} else if (length) {
		words_add(words, &room, word, length);
	}
	free(word);
	return error;
}

const char *words_argument(const struct words *words, int i, char letter, const char *name)
{
	const char *word = words->v[i];
	size_t length = strlen(name);

	if (word[0] != '-')
		return NULL;
	if (word[1] == letter && word[2])
		return word + 2;
	if (word[1] == '-' && !strncmp(word + 2, name, length) && word[2 + length] == '=')
		return word + 2 + length + 1;
	if ((word[1] == letter && !word[2]) || (word[1] == '-' && !strcmp(word + 2, name)))
		return words->v[i + 1];
	return NULL;
}

/* The blanks of Unicode, and what has no width. */
static bool is_odd_blank(uint32_t code)
{
	static const uint32_t odd[] = { 0xa0, 0xad, 0x1680, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff };

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (code == odd[i])
			return true;
	return code >= 0x2000 && code <= 0x200d;
}

char *words_doubt(const char *text, char *error)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
	char shown[4 * 4 + 1], *whole;
	size_t length = 0;

	while (c < end) {
		length = utf8_length(c, end);
		if (length > 1 && is_odd_blank(utf8_code(c, length)))
			break;
		c += length ? length : 1;
	}
	if (c == end)
		return error;
	for (size_t i = 0; i < length; i++)
		snprintf(shown + 4 * i, 5, "\\x%02x", c[i]);
	whole = xasprintf("%s; the character at byte %zu, %s, looks like a blank or like nothing, and separates no words", error,
			  (size_t)(c - (const unsigned char *)text) + 1, shown);
	free(error);
	return whole;
}
