/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_prelex.h"

#include <stdlib.h>
#include <string.h>

#include "config_grammar.h"
#include "diag.h"

#define DEPTH_LIMIT 4  /* a list in a section is 2 */
#define ERROR_LIMIT 20 /* of one file; with more, it is hardly a configuration */

enum token { TOKEN_NONE, TOKEN_WORD, TOKEN_STRING, TOKEN_OTHER };

struct scan {
	const char *file;
	const char *data, *at, *end;
	char *out;
	unsigned int line;
	unsigned int errors;
	struct config_keys *keys;       /* outside of sections */
	struct config_keys in_section;
	struct {
		char close;
		unsigned int line;
	} open[DEPTH_LIMIT];
	size_t depth;
	enum token last, before;
	const char *word; /* the last word */
	size_t word_length;
	char *word_out;
	unsigned int ended; /* the line of end(); 0: none so far */
	bool past_end;      /* something after it was reported */
	struct config_prelexed *text;
	struct grammar grammar;
};

const struct config_key *config_keys_find(const struct config_keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!strcmp(keys->v[i].name, name))
			return &keys->v[i];
	return NULL;
}

void config_keys_clear(struct config_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		free(keys->v[i].name);
		free(keys->v[i].file);
	}
	free(keys->v);
	*keys = (struct config_keys){ 0 };
}

void config_prelexed_clear(struct config_prelexed *text)
{
	free(text->text);
	free(text->sections);
	free(text->calls);
	*text = (struct config_prelexed){ 0 };
}

static void __attribute__((format(printf, 3, 4)))
scan_error(struct scan *scan, unsigned int line, const char *format, ...)
{
	va_list args;
	char *text;

	if (++scan->errors > ERROR_LIMIT)
		return;
	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	diag_error_at(scan->file, line, "%s", text);
	free(text);
	if (scan->errors == ERROR_LIMIT)
		diag_error_at(scan->file, line, "too many errors; the rest is not checked");
}

static void report_grammar(void *data, unsigned int line, const char *text)
{
	scan_error(data, line, "%s", text);
}

/* Has the order of the tokens checked, up to end(). */
static void check_order(struct scan *scan, enum grammar_token token, const char *text, size_t length,
			unsigned int line)
{
	if (!scan->ended)
		grammar_take(&scan->grammar, token, text, length, line);
}

static void set_token(struct scan *scan, enum token token)
{
	if (scan->ended && !scan->past_end) {
		scan_error(scan, scan->line, "only comments may follow end(), which is on line %u",
			   scan->ended);
		scan->past_end = true;
	}
	scan->before = scan->last;
	scan->last = token;
}

static bool starts(const struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scan->end - scan->at) >= length && !memcmp(scan->at, text, length);
}

static void scan_line_comment(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at != '\n')
		scan->at++;
}

/* A blank and the comment's newlines replace it. */
static void scan_block_comment(struct scan *scan)
{
	unsigned int first = scan->line;

	*scan->out++ = ' ';
	for (scan->at += 2; scan->at < scan->end; scan->at++) {
		if (starts(scan, "*/")) {
			scan->at += 2;
			return;
		}
		if (*scan->at == '\n') {
			*scan->out++ = '\n';
			scan->line++;
		}
	}
	scan_error(scan, first, "this comment is never closed: '*/' is missing");
}

/* Checks an escape in double quotes: libconfuse knows many more than are allowed here. */
static void check_escape(struct scan *scan)
{
	if (!strchr("\"\\'$", *scan->at))
		scan_error(scan, scan->line, "'\\%.*s' has no meaning in double quotes: write '\\\\', "
			   "or put the text in single quotes",
			   *scan->at & 0x80 ? 0 : 1, scan->at);
}

/*
 * A string must end on its line unless the line ends in a backslash, so that a
 * forgotten quote is found where it is missing. The newlines of joined lines are
 * written after the string, so that its line is the one where it begins.
 */
static void scan_string(struct scan *scan)
{
	char quote = *scan->at;
	const char *begin = scan->out + 1;
	unsigned int joined = 0, line = scan->line;

	*scan->out++ = *scan->at++;
	for (;;) {
		if (scan->at == scan->end || *scan->at == '\n' ||
		    (*scan->at == '\\' && scan->at + 1 == scan->end)) {
			scan_error(scan, scan->line, "this string is not closed: a quote (%c) is "
				   "missing on the line", quote);
			scan->at += scan->at < scan->end && *scan->at == '\\';
			break;
		}
		if (*scan->at == quote)
			break;
		if (starts(scan, "\\\n") || starts(scan, "\\\r\n")) {
			scan->at += scan->at[1] == '\r' ? 3 : 2;
			joined++;
			scan->line++;
			continue;
		}
		if (quote == '"' && starts(scan, "${"))
			scan_error(scan, scan->line, "'${' in double quotes: environment variables are "
				   "not expanded; in single quotes it is plain text");
		if (*scan->at == '\\') {
			*scan->out++ = *scan->at++;
			if (quote == '"')
				check_escape(scan);
		}
		*scan->out++ = *scan->at++;
	}
	if (scan->at < scan->end && *scan->at == quote)
		scan->at++;
	check_order(scan, TOKEN_IS_STRING, begin, (size_t)(scan->out - begin), line);
	*scan->out++ = quote;
	while (joined--)
		*scan->out++ = '\n';
	set_token(scan, TOKEN_STRING);
}

static bool is_word(const struct scan *scan)
{
	char c = *scan->at;

	if (starts(scan, "//") || starts(scan, "/*"))
		return false;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_-.:/", c));
}

static void scan_word(struct scan *scan)
{
	scan->word = scan->at;
	scan->word_out = scan->out;
	while (scan->at < scan->end && is_word(scan))
		*scan->out++ = *scan->at++;
	scan->word_length = (size_t)(scan->at - scan->word);
	check_order(scan, TOKEN_IS_WORD, scan->word, scan->word_length, scan->line);
	set_token(scan, TOKEN_WORD);
}

/* At an equal sign: checks that the option before it is not already set. */
static void scan_key(struct scan *scan)
{
	struct config_keys *keys = scan->depth ? &scan->in_section : scan->keys;
	const struct config_key *other;
	char *name;

	if (scan->last != TOKEN_WORD) {
		if (scan->grammar.state == NEXT_AFTER_ERROR)
			return;
		scan_error(scan, scan->line, "'=' without an option name before it");
		return;
	}
	name = xasprintf("%.*s", (int)scan->word_length, scan->word);
	other = config_keys_find(keys, name);
	if (other) {
		bool list = scan->grammar.row && setting_is_list(scan->grammar.row);

		scan_error(scan, scan->line, "'%s' is already set at %s:%u%s", name, other->file,
			   other->line, list ? "; '+=' adds to a list" : "");
		free(name);
		return;
	}
	GROW(keys->v, keys->n, keys->room);
	keys->v[keys->n++] = (struct config_key){ name, xstrdup(scan->file), scan->line };
}

static void open_bracket(struct scan *scan)
{
	struct config_prelexed *text = scan->text;

	if (scan->depth == DEPTH_LIMIT) {
		scan_error(scan, scan->line, "'%c' is nested too deeply", *scan->at);
		scan->at = scan->end;
		return;
	}
	if (*scan->at == '{' && !scan->depth && scan->before == TOKEN_WORD &&
	    (scan->last == TOKEN_WORD || scan->last == TOKEN_STRING)) {
		GROW(text->sections, text->nsections, text->room);
		text->sections[text->nsections++] = scan->line;
	}
	if (!scan->depth)
		config_keys_clear(&scan->in_section);
	scan->open[scan->depth].close = *scan->at == '{' ? '}' : ')';
	scan->open[scan->depth++].line = scan->line;
}

/* At an opening parenthesis outside of everything: a call begins with its name. */
static void open_call(struct scan *scan)
{
	struct config_prelexed *text = scan->text;

	if (scan->last != TOKEN_WORD) {
		scan_error(scan, scan->line, "'(' without a name before it");
		return;
	}
	GROW(text->calls, text->ncalls, text->calls_room);
	text->calls[text->ncalls++] = (struct config_call){
		.is_end = scan->word_length == 3 && !memcmp(scan->word, "end", 3),
		.begin = (size_t)(scan->word - scan->data),
		.out_begin = (size_t)(scan->word_out - text->text),
	};
}

/* At the closing parenthesis of a call. */
static void close_call(struct scan *scan)
{
	struct config_prelexed *text = scan->text;
	struct config_call *call = text->ncalls ? &text->calls[text->ncalls - 1] : NULL;

	if (!call || call->end)
		return;
	call->end = (size_t)(scan->at + 1 - scan->data);
	call->out_end = (size_t)(scan->out + 1 - text->text);
	text->ended = call->is_end;
}

static void scan_punctuation(struct scan *scan)
{
	switch (*scan->at) {
	case '=':
		scan_key(scan);
		break;
	case '{':
	case '(':
		if (*scan->at == '(' && !scan->depth)
			open_call(scan);
		open_bracket(scan);
		if (scan->at == scan->end)
			return;
		break;
	case '}':
	case ')':
		if (scan->depth && scan->open[scan->depth - 1].close == *scan->at)
			scan->depth--;
		else
			scan_error(scan, scan->line, "'%c' closes nothing", *scan->at);
		if (*scan->at == ')' && !scan->depth)
			close_call(scan);
		break;
	default:
		break;
	}
	check_order(scan, TOKEN_IS_MARK, scan->at, 1, scan->line);
	*scan->out++ = *scan->at++;
	set_token(scan, TOKEN_OTHER);
	if (scan->text->ended && !scan->ended)
		scan->ended = scan->line;
}

static void scan_unknown(struct scan *scan)
{
	size_t length = 1;

	while (scan->at + length < scan->end && (scan->at[length] & 0xc0) == 0x80)
		length++;
	scan_error(scan, scan->line, "'%.*s' is not allowed here; a value with characters other "
		   "than letters, digits and _ - . : / must be in quotes", (int)length, scan->at);
	scan->at += length;
}

static void next_token(struct scan *scan)
{
	char c = *scan->at;

	if (c == '\n') {
		scan->line++;
		*scan->out++ = *scan->at++;
	} else if (c == ' ' || c == '\t' || c == '\r') {
		*scan->out++ = ' ';
		scan->at++;
	} else if (c == '#' || starts(scan, "//")) {
		scan_line_comment(scan);
	} else if (starts(scan, "/*")) {
		scan_block_comment(scan);
	} else if (c == '"' || c == '\'') {
		scan_string(scan);
	} else if (is_word(scan)) {
		scan_word(scan);
	} else if (starts(scan, "+=")) {
		check_order(scan, TOKEN_IS_MARK, scan->at, 2, scan->line);
		*scan->out++ = *scan->at++;
		*scan->out++ = *scan->at++;
		set_token(scan, TOKEN_OTHER);
	} else if (strchr("{}()=,", c)) {
		scan_punctuation(scan);
	} else {
		scan_unknown(scan);
	}
}

int config_prelex(const struct config_file *file, struct config_keys *keys,
		  struct config_prelexed *text)
{
	struct scan scan = { .file = file->name, .data = file->data, .at = file->data,
			     .end = file->data + file->size, .line = 1, .keys = keys, .text = text };

	*text = (struct config_prelexed){ 0 };
	scan.grammar = (struct grammar){ .report = report_grammar, .data = &scan };
	/* Nothing grows, except an unclosed string by its quote. */
	text->text = xcalloc(2 * file->size + 2, 1);
	scan.out = text->text;
	if (starts(&scan, "\xef\xbb\xbf")) /* the byte order mark of some editors */
		scan.at += 3;
	while (scan.at < scan.end && scan.errors < ERROR_LIMIT)
		next_token(&scan);
	if (!scan.errors && !scan.depth)
		grammar_end(&scan.grammar);
	if (!scan.errors && scan.depth)
		scan_error(&scan, scan.open[scan.depth - 1].line, "'%c' is missing: what opens here is "
			   "never closed", scan.open[scan.depth - 1].close);
	*scan.out++ = '\n';
	text->size = (size_t)(scan.out - text->text);
	config_keys_clear(&scan.in_section);
	if (!scan.errors)
		return 0;
	config_prelexed_clear(text);
	return -1;
}
