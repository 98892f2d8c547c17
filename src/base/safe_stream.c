/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "safe_stream.h"

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "utf8.h"

static void pass_on(struct safe_stream *state, const unsigned char *text, size_t n)
{
	if (state->to)
		fwrite(text, 1, n, state->to);
}

static void hide(struct safe_stream *state, unsigned char byte)
{
	state->hidden++;
	if (state->to)
		fprintf(state->to, "\\x%02x", byte);
}

/* The length that the first byte of a character announces. */
static size_t announced(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

/* Returns how much was used: all, but with more to come not the beginning of a character. */
static size_t use(struct safe_stream *state, const unsigned char *text, size_t n, bool more)
{
	const unsigned char *at = text, *from = text, *end = text + n;

	while (at < end) {
		size_t length = *at == '\n' ? 1 : utf8_shown(at, end);

		if (!length && more && announced(*at) > (size_t)(end - at))
			break;
		if (!length) {
			pass_on(state, from, (size_t)(at - from));
			hide(state, *at);
			from = at + 1;
		}
		at += length ? length : 1;
	}
	pass_on(state, from, (size_t)(at - from));
	return (size_t)(at - text);
}

static void keep_rest(struct safe_stream *state, const unsigned char *text, size_t n)
{
	memmove(state->rest, text, n);
	state->nrest = n;
}

static ssize_t write_safe(void *cookie, const char *text, size_t n)
{
	struct safe_stream *state = cookie;
	const unsigned char *at = (const unsigned char *)text, *end = at + n;

	/* One byte after another, until the character is complete or is not one. */
	while (state->nrest && at < end) {
		size_t used;

		state->rest[state->nrest++] = *at++;
		used = use(state, state->rest, state->nrest, true);
		keep_rest(state, state->rest + used, state->nrest - used);
	}
	if (at < end) {
		at += use(state, at, (size_t)(end - at), true);
		keep_rest(state, at, (size_t)(end - at));
	}
	return (ssize_t)n;
}

static int close_safe(void *cookie)
{
	struct safe_stream *state = cookie;

	use(state, state->rest, state->nrest, false);
	state->nrest = 0;
	return 0;
}

FILE *safe_stream_open(struct safe_stream *state, FILE *to)
{
	const cookie_io_functions_t functions = { .write = write_safe, .close = close_safe };

	*state = (struct safe_stream){ .to = to };
	return fopencookie(state, "w", functions);
}
