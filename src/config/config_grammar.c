/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_grammar.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "text.h"
#include "util.h"

#define A_LIST "a list is { \"a\", \"b\" }"
#define SHOWN 60 /* characters of a value in a message */

struct token {
	enum grammar_token kind;
	const char *text;
	size_t length;
	unsigned int line;
};

static const char *const calls[] = { "include", "end" };

static bool is_value(const struct token *token)
{
	return token->kind != TOKEN_IS_MARK;
}

static bool is_mark(const struct token *token, const char *mark)
{
	return token->kind == TOKEN_IS_MARK && token->length == strlen(mark) &&
	       !memcmp(token->text, mark, token->length);
}

static bool opens(const struct token *token)
{
	return is_mark(token, "{") || is_mark(token, "(");
}

static bool closes(const struct token *token)
{
	return is_mark(token, "}") || is_mark(token, ")");
}

/* Reports the error at the token; what is left of the statement is skipped. */
static void __attribute__((format(printf, 3, 4)))
wrong(struct grammar *grammar, const struct token *token, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	grammar->report(grammar->data, token->line, text);
	free(text);
	grammar->state = NEXT_AFTER_ERROR;
	grammar->skipped = opens(token);
}

/* The token as it is in the file, cut if it is long. The caller frees it. */
static char *shown(const struct token *token)
{
	const char *quote = token->kind == TOKEN_IS_STRING ? "\"" : "'";
	size_t length = token->length < SHOWN ? token->length : SHOWN;

	while (length < token->length && length && (token->text[length] & 0xc0) == 0x80)
		length--;
	return xasprintf("%s%.*s%s%s", quote, (int)length, token->text,
			 length < token->length ? "…" : "", quote);
}

/* ---- names ---- */

/* All names that may begin a statement in that kind of section; the caller frees the array. */
static const char **names_in(enum setting_section section, size_t *n)
{
	size_t rows;
	const struct setting_row *row = setting_rows(&rows);
	const char **names = xcalloc(rows + SECTION_COUNT + ARRAY_SIZE(calls), sizeof(*names));

	*n = 0;
	for (size_t i = 0; i < rows; i++)
		if (row[i].section == section)
			names[(*n)++] = row[i].name;
	for (enum setting_section s = SECTION_NONE + 1; s < SECTION_COUNT && !section; s++)
		names[(*n)++] = setting_section_name(s);
	for (size_t i = 0; i < ARRAY_SIZE(calls) && !section; i++)
		names[(*n)++] = calls[i];
	return names;
}

/* "; did you mean 'NAME'?", or "; there are a, b and c". The caller frees it. */
static char *names_hint(enum setting_section section, const char *name)
{
	size_t n;
	const char **names = names_in(section, &n);
	char *hint = nearest_hint(name, "", names, n);
	struct text text;

	if (!*hint) {
		free(hint);
		text_open(&text);
		fputs("; there are ", text.out);
		for (size_t i = 0; i < n; i++)
			fprintf(text.out, "%s%s", !i ? "" : i + 1 < n ? ", " : " and ", names[i]);
		hint = text_take(&text);
	}
	free(names);
	return hint;
}

/* The kind of section that has a setting of that name, or SECTION_NONE. */
static enum setting_section section_with(const char *name)
{
	enum setting_section section = SECTION_NONE + 1;

	while (section < SECTION_COUNT && !setting_find(section, name))
		section++;
	return section < SECTION_COUNT ? section : SECTION_NONE;
}

static enum setting_section section_named(const char *name)
{
	for (enum setting_section section = SECTION_NONE + 1; section < SECTION_COUNT; section++)
		if (!strcmp(setting_section_name(section), name))
			return section;
	return SECTION_NONE;
}

static void unknown_name(struct grammar *grammar, const struct token *token, const char *name)
{
	enum setting_section other = section_with(name);
	char *hint;

	if (grammar->section && setting_find(SECTION_NONE, name)) {
		wrong(grammar, token, "'%s' is a setting of the whole file, not of a %s section: put it "
		      "outside of sections", name, setting_section_name(grammar->section));
		return;
	}
	if (other) {
		wrong(grammar, token, "'%s' is a setting of a %s section: %s \"%s\" { %s = … }", name,
		      setting_section_name(other), setting_section_name(other),
		      other == SECTION_CHAIN ? "NAME" : "PORT", name);
		return;
	}
	hint = names_hint(grammar->section, name);
	if (grammar->section)
		wrong(grammar, token, "'%s' is not a setting of a %s section%s", name,
		      setting_section_name(grammar->section), hint);
	else
		wrong(grammar, token, "there is no setting '%s'%s", name, hint);
	free(hint);
}

/* A section or call, which cannot be in a section. */
static void begin_outer(struct grammar *grammar, const struct token *token, const char *name)
{
	grammar->opening = section_named(name);
	if (grammar->section) {
		wrong(grammar, token, "'%s' cannot be in a %s section; if that section is over, its '}' is "
		      "missing", name, setting_section_name(grammar->section));
		return;
	}
	grammar->call = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i], name))
			grammar->call = calls[i];
	grammar->state = grammar->call ? NEXT_PARENTHESIS : NEXT_TITLE;
}

/* ---- what comes next ---- */

static void take_statement(struct grammar *grammar, const struct token *token)
{
	char *text;

	if (is_mark(token, "}")) {
		/* One that closes nothing is reported where brackets are counted. */
		grammar->section = SECTION_NONE;
		return;
	}
	if (token->kind != TOKEN_IS_WORD) {
		text = shown(token);
		if (is_mark(token, "=") || is_mark(token, "(")) /* reported where it is read */
			grammar->state = NEXT_AFTER_ERROR, grammar->skipped = opens(token);
		else
			wrong(grammar, token, "expected the name of a setting or of a section, found %s; "
			      A_LIST ", and names have no quotes", text);
		free(text);
		return;
	}
	text = xasprintf("%.*s", (int)token->length, token->text);
	grammar->row = setting_find(grammar->section, text);
	if (grammar->row)
		grammar->state = NEXT_EQUALS;
	else if (section_named(text) || !strcmp(text, calls[0]) || !strcmp(text, calls[1]))
		begin_outer(grammar, token, text);
	else
		unknown_name(grammar, token, text);
	free(text);
}

static void take_equals(struct grammar *grammar, const struct token *token)
{
	const char *name = grammar->row->name;

	if (is_mark(token, "+=") && !setting_is_list(grammar->row))
		wrong(grammar, token, "'+=' adds to a list, and '%s' takes one value", name);
	else if (is_mark(token, "=") || is_mark(token, "+="))
		grammar->state = NEXT_VALUE;
	else
		wrong(grammar, token, "a '=' is missing after '%s'", name);
}

static void take_value(struct grammar *grammar, const struct token *token)
{
	const char *name = grammar->row->name;

	if (is_value(token))
		grammar->state = NEXT_STATEMENT;
	else if (!is_mark(token, "{"))
		wrong(grammar, token, "the value of '%s' is missing", name);
	else if (setting_is_list(grammar->row))
		grammar->state = NEXT_IN_LIST;
	else
		wrong(grammar, token, "'%s' takes one value, not a list", name);
}

static void take_in_list(struct grammar *grammar, const struct token *token)
{
	char *text;

	if (is_value(token)) {
		grammar->state = NEXT_COMMA;
	} else if (is_mark(token, "}")) {
		grammar->state = NEXT_STATEMENT;
	} else {
		text = shown(token);
		wrong(grammar, token, "%s in the list '%s': " A_LIST, text, grammar->row->name);
		/* The list itself is open as well. */
		grammar->skipped++;
		free(text);
	}
}

static void take_comma(struct grammar *grammar, const struct token *token)
{
	char *text;

	if (is_mark(token, ",")) {
		grammar->state = NEXT_IN_LIST;
	} else if (is_mark(token, "}")) {
		grammar->state = NEXT_STATEMENT;
	} else {
		text = shown(token);
		wrong(grammar, token, "a ',' or '}' is missing before %s in the list '%s': " A_LIST, text,
		      grammar->row->name);
		grammar->skipped++;
		free(text);
	}
}

static void take_section(struct grammar *grammar, const struct token *token)
{
	const char *name = setting_section_name(grammar->opening);
	bool title = grammar->state == NEXT_TITLE;

	if (title && is_value(token)) {
		grammar->state = NEXT_BRACE;
	} else if (!title && is_mark(token, "{")) {
		grammar->section = grammar->opening;
		grammar->state = NEXT_STATEMENT;
	} else {
		wrong(grammar, token, "the %s is missing: a section is %s \"%s\" { … }",
		      title ? "name" : "'{'", name, grammar->opening == SECTION_CHAIN ? "NAME" : "PORT");
	}
}

static void take_call(struct grammar *grammar, const struct token *token)
{
	bool include = grammar->call == calls[0];
	bool good = false;

	switch (grammar->state) {
	case NEXT_PARENTHESIS:
		good = is_mark(token, "(");
		grammar->state = NEXT_ARGUMENT;
		break;
	case NEXT_ARGUMENT: /* how many there may be is checked when it is carried out */
		good = is_value(token) || is_mark(token, ")");
		grammar->state = is_value(token) ? NEXT_ARGUMENT_COMMA : NEXT_STATEMENT;
		break;
	default:
		good = is_mark(token, ",") || is_mark(token, ")");
		grammar->state = is_mark(token, ",") ? NEXT_ARGUMENT : NEXT_STATEMENT;
	}
	if (!good)
		wrong(grammar, token, "'%s' is written as %s", grammar->call,
		      include ? "include(\"FILE\")" : "end()");
}

/*
 * A wrong statement ends with its last bracket, or before a word on another line: the next
 * one begins there.
 */
static void skip(struct grammar *grammar, const struct token *token)
{
	if (!grammar->skipped && (is_mark(token, "}") ||
				  (token->kind == TOKEN_IS_WORD && token->line != grammar->line))) {
		grammar->state = NEXT_STATEMENT;
		take_statement(grammar, token);
		return;
	}
	if (opens(token))
		grammar->skipped++;
	if (closes(token) && grammar->skipped && !--grammar->skipped)
		grammar->state = NEXT_STATEMENT;
}

void grammar_take(struct grammar *grammar, enum grammar_token kind, const char *text,
		  size_t length, unsigned int line)
{
	const struct token token = { kind, text, length, line };

	switch (grammar->state) {
	case NEXT_STATEMENT:
		take_statement(grammar, &token);
		break;
	case NEXT_EQUALS:
		take_equals(grammar, &token);
		break;
	case NEXT_VALUE:
		take_value(grammar, &token);
		break;
	case NEXT_IN_LIST:
		take_in_list(grammar, &token);
		break;
	case NEXT_COMMA:
		take_comma(grammar, &token);
		break;
	case NEXT_TITLE:
	case NEXT_BRACE:
		take_section(grammar, &token);
		break;
	case NEXT_PARENTHESIS:
	case NEXT_ARGUMENT:
	case NEXT_ARGUMENT_COMMA:
		take_call(grammar, &token);
		break;
	case NEXT_AFTER_ERROR:
		skip(grammar, &token);
		break;
	}
	grammar->line = line;
}

void grammar_end(struct grammar *grammar)
{
	const struct token end = { TOKEN_IS_MARK, "", 0, grammar->line };

	switch (grammar->state) {
	case NEXT_EQUALS:
	case NEXT_VALUE:
		wrong(grammar, &end, "the file ends after '%s', before its value", grammar->row->name);
		break;
	case NEXT_TITLE:
	case NEXT_BRACE:
		wrong(grammar, &end, "the file ends at the beginning of a %s section",
		      setting_section_name(grammar->opening));
		break;
	case NEXT_PARENTHESIS:
		wrong(grammar, &end, "the file ends after '%s', before its '('", grammar->call);
		break;
	default: /* brackets that are open are reported where they are counted */
		break;
	}
}
