/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_GRAMMAR_H
#define DOCKFW_CONFIG_GRAMMAR_H

#include "settings.h"

/*
 * The order of the tokens of a configuration, which libconfuse checks as well, but reports in
 * words that do not help, and only the first error. Pure.
 */

enum grammar_token { TOKEN_IS_WORD, TOKEN_IS_STRING, TOKEN_IS_MARK };

struct grammar {
	/* Reports an error at that line. */
	void (*report)(void *data, unsigned int line, const char *text);
	void *data;

	/* What comes next. */
	enum {
		NEXT_STATEMENT, NEXT_EQUALS, NEXT_VALUE, NEXT_IN_LIST, NEXT_COMMA, NEXT_TITLE,
		NEXT_BRACE, NEXT_PARENTHESIS, NEXT_ARGUMENT, NEXT_ARGUMENT_COMMA,
		NEXT_AFTER_ERROR, /* what is left of a wrong statement */
	} state;
	enum setting_section section; /* in which it is */
	enum setting_section opening; /* whose title or brace comes next */
	const struct setting_row *row; /* whose value comes next */
	const char *call;  /* "include" or "end", whose arguments come next */
	unsigned int line; /* of the last token */
	unsigned int skipped; /* brackets that are open in a wrong statement */
};

/*
 * Takes the next token: the text of a word, the text between the quotes of a string, or a mark
 * ("{", "+=", …), with its length. Comments are no tokens.
 */
void grammar_take(struct grammar *grammar, enum grammar_token token, const char *text,
		  size_t length, unsigned int line);
/* At the end of the file. */
void grammar_end(struct grammar *grammar);

#endif
