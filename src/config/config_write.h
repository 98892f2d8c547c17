/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_WRITE_H
#define DOCKFW_CONFIG_WRITE_H

#include <stdio.h>

#include "policy.h"

/* Writes configurations as a person would: what config_read() gives back the same. */

/* A line of a list of rules, in one family. */
struct config_line {
	char *text;   /* owned */
	/*
	 * Owned, or NULL: a text that gives the same rule in this family and
	 * may be the other's, too ("-j REJECT", where each has a default).
	 */
	char *common;
	bool comment; /* a remark, not a rule */
	bool tied;    /* only this family can hold it: an address or -4 or -6 says so */
};

struct config_lines {
	struct config_line *v;
	size_t n, room;
};

/* Takes over the texts. */
void config_lines_add(struct config_lines *lines, struct config_line line);
void config_lines_clear(struct config_lines *lines);

/*
 * Whether a rule's text can stand in a configuration: UTF-8, and without
 * control characters.
 */
bool config_can_hold(const char *text);
/* Whether the rule has an address, which only one family can hold. */
bool config_is_tied(const struct rule *rule);
/* Whether the text of a rule has -4 or -6 in front. */
bool config_names_family(const char *text);

/*
 * Writes the settings: families always, the others where all, or where they
 * differ from the defaults. ferror() tells whether they went out, as below.
 */
void config_write_settings(FILE *out, const struct policy *policy, bool all);

/*
 * Writes a chain section. families are those of the configuration: with one
 * alone its lines stand as they are; with both, lines that the two have in
 * common, in the same order, are written once, and the others get -4 or -6
 * in front where no address ties them.
 */
void config_write_chain(FILE *out, const char *name, unsigned int families,
			const struct config_lines lines[FAMILY_COUNT]);

#endif
