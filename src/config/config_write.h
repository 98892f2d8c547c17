/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_WRITE_H
#define DOCKFW_CONFIG_WRITE_H

#include <stdio.h>

#include "policy.h"

/* Writes configurations as a person would; config_read() gives back the same. */

/* A line of a list of rules, in one family. */
struct config_line {
	char *text;   /* owned */
	/*
	 * Owned, or NULL: a text that gives the same rule in this family and may
	 * also suit the other family ("-j REJECT", where each has a default).
	 */
	char *common;
	bool comment; /* a comment, not a rule */
	bool tied;    /* only this family can hold it: it has an address, -4 or -6 */
};

struct config_lines {
	struct config_line *v;
	size_t n, room;
};

/* Takes ownership of the texts. */
void config_lines_add(struct config_lines *lines, struct config_line line);
void config_lines_clear(struct config_lines *lines);

/*
 * Whether a configuration can hold a rule's text: it must be UTF-8 without
 * control characters other than a tab.
 */
bool config_can_hold(const char *text);
/* Whether the rule has an address, which only one family can hold. */
bool config_is_tied(const struct rule *rule);
/* Whether the text of a rule begins with -4 or -6. */
bool config_names_family(const char *text);

/*
 * Writes the settings: families always, the others if all is set or if they
 * differ from their defaults. The caller checks for write errors, here and below.
 */
void config_write_settings(FILE *out, const struct policy *policy, bool all);

/*
 * Writes a chain section. families are those of the configuration. With only
 * one, its lines are written as they are. With both, lines that the two have in
 * common, in the same order, are written once, and the others begin with -4 or
 * -6 unless an address ties them to a family.
 */
void config_write_chain(FILE *out, const char *name, unsigned int families,
			const struct config_lines lines[FAMILY_COUNT]);

/* Writes the section of a chain that others fill. */
void config_write_filled(FILE *out, const struct wanted_chain *chain);

/* Writes a publish section, with its rules, which lines holds, as comments. */
void config_write_publish(FILE *out, const struct publish_section *section, unsigned int families,
			  const struct config_lines lines[FAMILY_COUNT]);

/* Writes only comments: the title, which is one line, and the rules. */
void config_write_comments(FILE *out, const char *title, unsigned int families,
			   const struct config_lines lines[FAMILY_COUNT]);

#endif
