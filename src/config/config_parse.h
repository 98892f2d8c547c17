/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PARSE_H
#define DOCKFW_CONFIG_PARSE_H

#include "config_prelex.h"
#include "settings.h"
#include "util.h"

/* The configuration's files, through libconfuse, to values with their places. */

struct config_value {
	char *text;       /* owned */
	const char *file; /* one of the tree's files */
	unsigned int line;
};

struct config_values {
	struct config_value *v;
	size_t n, room;
};

/* A section, or what is set outside of them, which has no title and no place. */
struct config_section {
	enum setting_section kind;
	char *title; /* owned; NULL while the section is open */
	const char *file;
	unsigned int line;
	struct config_values *values; /* owned; for each of setting_rows(), in their order */
};

/* What the files say, in the order in which they say it; nothing is judged. */
struct config_tree {
	struct strings files;   /* the names of all that were read */
	struct config_keys keys; /* which of top there are, empty lists too */
	struct config_section top;
	struct config_section *sections;
	size_t nsections, room;
};

/*
 * Reads the file and what it includes. Returns -1, reported, where a file cannot be
 * trusted or is not a configuration. The caller clears the tree in any case.
 */
int config_parse(const char *file, struct config_tree *tree);
void config_tree_clear(struct config_tree *tree);

#endif
