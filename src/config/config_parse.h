/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PARSE_H
#define DOCKFW_CONFIG_PARSE_H

#include "config_prelex.h"
#include "settings.h"
#include "util.h"

/* Parses the configuration's files with libconfuse into values that know their places. */

struct config_value {
	char *text;       /* owned */
	const char *file; /* one of the tree's files */
	unsigned int line;
};

struct config_values {
	struct config_value *v;
	size_t n, room;
};

/* A section, or the settings outside of all sections, which have no title and no place. */
struct config_section {
	enum setting_section kind;
	char *title; /* owned; NULL while the section is open */
	const char *file;
	unsigned int line;
	struct config_values *values; /* owned; one for each of setting_rows(), in their order */
};

/* The contents of the files in their order; nothing is validated yet. */
struct config_tree {
	struct strings files;   /* the names of all files that were read */
	struct strings sought;  /* … that were looked for; a pattern's folder ends in '/' */
	struct config_keys keys; /* which settings of top are set, including empty lists */
	struct config_section top;
	struct config_section *sections;
	size_t nsections, room;
	char *flat; /* owned; the text (flat.h), or NULL if it is too long */
	/*
	 * After -1: only included files are missing or wrong, and what the others have is here.
	 * keys has settings of those as well.
	 */
	bool lacks_files;
};

/*
 * Reads the file and what it includes. If copy is not NULL, that is read in place of the file:
 * it is beside it, and is to become it. Returns -1 after reporting why if a file cannot be
 * trusted or is not a configuration. The caller clears the tree in either case.
 */
int config_parse(const char *file, const char *copy, struct config_tree *tree);
/* The same for a text that a repair has stored, which includes no file. stored is borrowed. */
int config_parse_stored(const struct config_file *stored, struct config_tree *tree);
void config_tree_clear(struct config_tree *tree);

#endif
