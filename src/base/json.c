/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "utf8.h"
#include "util.h"

static _Noreturn void json_out_of_memory(void)
{
	diag_error("out of memory for the json report");
	exit(3);
}

json_t *json_made(json_t *value)
{
	if (!value)
		json_out_of_memory();
	return value;
}

json_t *json_text(const char *text)
{
	static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
	const unsigned char *from = (const unsigned char *)text, *end;
	char *valid, *to;
	json_t *value;

	if (!text)
		return json_null();
	end = from + strlen(text);
	to = valid = xcalloc(strlen(text) * (sizeof(unknown) - 1) + 1, 1);
	while (from < end) {
		size_t length = utf8_length(from, end);

		if (length) {
			memcpy(to, from, length);
			to += length;
			from += length;
		} else {
			memcpy(to, unknown, sizeof(unknown));
			to += sizeof(unknown) - 1;
			from++;
		}
	}
	value = json_made(json_string(valid));
	free(valid);
	return value;
}

void json_set_checked(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		json_out_of_memory();
}

void json_append_checked(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		json_out_of_memory();
}

/* Buffers the output, since the library writes a few bytes at a time. */
struct pieces {
	FILE *out;
	size_t n;
	char v[1 << 16];
};

static void write_pieces(struct pieces *pieces)
{
	fwrite(pieces->v, 1, pieces->n, pieces->out);
	pieces->n = 0;
}

static int take_piece(const char *text, size_t size, void *data)
{
	struct pieces *pieces = data;

	if (size > sizeof(pieces->v) - pieces->n)
		write_pieces(pieces);
	if (size > sizeof(pieces->v))
		return fwrite(text, 1, size, pieces->out) == size ? 0 : -1;
	memcpy(pieces->v + pieces->n, text, size);
	pieces->n += size;
	return 0;
}

/*
 * jansson escapes what JSON requires. What else a terminal would act on can only be in a
 * string, and is written as \uNNNN as well. It hands over whole characters.
 */
static int take_safe(const char *text, size_t size, void *data)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + size, *from = at;

	while (at < end) {
		size_t length = utf8_length(at, end);
		char escape[8];

		if (length && *at != '\n' && !utf8_shown(at, end)) {
			snprintf(escape, sizeof(escape), "\\u%04x", utf8_code(at, length));
			if (take_piece((const char *)from, (size_t)(at - from), data) ||
			    take_piece(escape, strlen(escape), data))
				return -1;
			from = at + length;
		}
		at += length ? length : 1;
	}
	return take_piece((const char *)from, (size_t)(at - from), data);
}

void json_write(json_t *root, FILE *out)
{
	struct pieces *pieces = xcalloc(1, sizeof(*pieces));

	/* Never as one string: many ports with long lists would take gigabytes. */
	pieces->out = out;
	if (json_dump_callback(root, take_safe, pieces, JSON_INDENT(2)) && !ferror(out))
		json_out_of_memory();
	take_piece("\n", 1, pieces);
	write_pieces(pieces);
	free(pieces);
	json_decref(root);
}
