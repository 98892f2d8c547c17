/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PRELEX_H
#define DOCKFW_CONFIG_PRELEX_H

#include "config_file.h"
#include "util.h"

/*
 * Prepares a configuration for libconfuse's lexer, whose leniency can silently
 * lose a rule, and which loses count of lines: it accepts a section, a comment
 * or a string that never ends, drops characters that it does not know, expands
 * ${…} from the environment, fails on comments in a list, and counts a comment
 * as several lines. So all of this is checked and removed first, and the text
 * that libconfuse gets has the same words on the same lines.
 */

/* An option that is set, to recognize a second setting. */
struct config_key {
	char *name;
	char *file;
	unsigned int line;
};

struct config_keys {
	struct config_key *v;
	size_t n, room;
};
const struct config_key *config_keys_find(const struct config_keys *keys, const char *name);
void config_keys_clear(struct config_keys *keys);

/* A statement include(…) or end(): from its name to after its closing parenthesis. */
struct config_call {
	bool is_end;
	size_t begin, end;         /* in the file */
	size_t out_begin, out_end; /* in text */
};

struct config_prelexed {
	char *text; /* owned; what libconfuse reads */
	size_t size;
	unsigned int *sections; /* owned; the lines where sections begin, in order */
	size_t nsections, room;
	struct config_call *calls; /* owned; in order */
	size_t ncalls, calls_room;
	bool ended; /* the last statement is end() */
};

/*
 * Refuses any statement after end(), by which a file states that it is whole.
 *
 * Fills *text from the file. keys holds the options set outside of sections by
 * this file and those before it. Returns -1 after reporting everything that is
 * wrong.
 */
int config_prelex(const struct config_file *file, struct config_keys *keys,
		  struct config_prelexed *text);
void config_prelexed_clear(struct config_prelexed *text);

#endif
