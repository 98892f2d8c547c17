/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

#include "util.h"

size_t utf8_length(const unsigned char *text, const unsigned char *end)
{
	static const struct {
		unsigned char mask, lead, low, high; /* the range of the second byte */
		size_t length;
	} forms[] = {
		{ 0xff, 0xe0, 0xa0, 0xbf, 3 }, { 0xff, 0xed, 0x80, 0x9f, 3 },
		{ 0xff, 0xf0, 0x90, 0xbf, 4 }, { 0xff, 0xf4, 0x80, 0x8f, 4 },
		{ 0xe0, 0xc0, 0x80, 0xbf, 2 }, { 0xf0, 0xe0, 0x80, 0xbf, 3 },
		{ 0xfc, 0xf0, 0x80, 0xbf, 4 },
	};

	if (*text < 0x80)
		return 1;
	if (*text == 0xc0 || *text == 0xc1)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if ((*text & forms[i].mask) != forms[i].lead)
			continue;
		if ((size_t)(end - text) < forms[i].length)
			return 0;
		if (text[1] < forms[i].low || text[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

uint32_t utf8_code(const unsigned char *text, size_t length)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = text[0] & lead[length];

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (text[i] & 0x3f);
	return code;
}

size_t utf8_shown(const unsigned char *text, const unsigned char *end)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },     /* control characters: C0, DEL and C1 */
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
	};
	size_t length;
	uint32_t code;

	/* ASCII, which is nearly all of a report. */
	if (*text >= ' ' && *text < 0x7f)
		return 1;
	length = utf8_length(text, end);
	code = length ? utf8_code(text, length) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (code >= hidden[i].from && code <= hidden[i].to)
			return 0;
	return length;
}

char *safe_text(const char *text)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
	char *safe = xcalloc(4 * strlen(text) + 1, 1), *to = safe;

	while (c < end) {
		size_t length = utf8_shown(c, end);

		if (length) {
			memcpy(to, c, length);
			to += length;
			c += length;
		} else {
			to += sprintf(to, "\\x%02x", *c++);
		}
	}
	return safe;
}

static const char *next_of(const char *text)
{
	text++;
	while ((*text & 0xc0) == 0x80)
		text++;
	return text;
}

size_t utf8_count(const char *text)
{
	size_t n = 0;

	for (; *text; text = next_of(text))
		n++;
	return n;
}

/* The length in bytes of at most that many leading characters. */
static size_t utf8_bytes(const char *text, size_t characters)
{
	const char *at = text;

	while (*at && characters--)
		at = next_of(at);
	return (size_t)(at - text);
}

size_t utf8_put(FILE *out, const char *text, size_t width)
{
	size_t length = utf8_count(text);

	if (length <= width) {
		fputs(text, out);
		return length;
	}
	fprintf(out, "%.*s..", (int)utf8_bytes(text, width > 2 ? width - 2 : 0), text);
	return width;
}
