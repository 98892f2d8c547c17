/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PRELEX_H
#define DOCKFW_CONFIG_PRELEX_H

#include "config_file.h"
#include "util.h"

/*
 * Makes a configuration fit for libconfuse's lexer, which is lenient where that
 * loses a rule in silence, and loses count of lines: it takes a section, a
 * comment or a string that never ends, drops characters that it does not know,
 * puts the environment into ${…}, trips over comments in a list, and counts
 * a comment as several lines. So all this is checked and taken out before, and
 * the text that libconfuse gets has the same words on the same lines.
 */

/* Which options are set, to tell the second time. */
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

struct config_prelexed {
	char *text; /* owned; what libconfuse reads */
	size_t size;
	unsigned int *sections; /* owned; the lines where a section begins, in order */
	size_t nsections, room;
};

/*
 * Fills *text from the file. keys are the options set outside of sections, by
 * this file and those before it. Returns -1 where anything is wrong: all of it
 * is said.
 */
int config_prelex(const struct config_file *file, struct config_keys *keys,
		  struct config_prelexed *text);
void config_prelexed_clear(struct config_prelexed *text);

#endif
