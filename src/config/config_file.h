/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_FILE_H
#define DOCKFW_CONFIG_FILE_H

#include <sys/types.h>

#include "util.h"

/* A configuration file as it is on disk: whether it can be trusted, and what is in it. */

struct config_file {
	char *name; /* owned */
	char *data; /* owned; text without NUL bytes, and one NUL behind it */
	size_t size;
	dev_t dev;
	ino_t ino;
};

/* Where a file is named: the include() of another one. */
struct place {
	const char *file;
	unsigned int line;
};

/*
 * Opens the file and reads it whole. What was opened is what is judged: it
 * must be a regular file of root's or of the user's own that nobody else may
 * write, and UTF-8 text. from is where it is included, NULL for the main file.
 * Returns -1, said, where anything is wrong.
 */
int config_file_read(const char *name, const struct place *from, struct config_file *file);
void config_file_clear(struct config_file *file);

#endif
