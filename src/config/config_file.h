/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_FILE_H
#define DOCKFW_CONFIG_FILE_H

#include <sys/types.h>

#include "util.h"

/* A configuration file on disk: whether it can be trusted, and its contents. */

struct config_file {
	char *name; /* owned */
	char *data; /* owned; text without NUL bytes, terminated by one NUL */
	size_t size;
	dev_t dev;
	ino_t ino;
};

/* The include() that names a file. */
struct place {
	const char *file;
	unsigned int line;
};

/*
 * Opens the file and reads all of it. The checks are made on the open file: it
 * must be a regular file that belongs to root or to the user, that no one else
 * may write, and that is UTF-8 text. from is where it is included, NULL for the
 * main file. Returns -1 after reporting what is wrong.
 */
int config_file_read(const char *name, const struct place *from, struct config_file *file);
void config_file_clear(struct config_file *file);

#endif
