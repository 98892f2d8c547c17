/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_FILE_H
#define DOCKFW_CONFIG_FILE_H

#include <sys/types.h>
#include <time.h>

#include "util.h"

/* A configuration file on disk: whether it can be trusted, and its contents. */

struct config_file {
	char *name; /* owned; as messages name it */
	char *data; /* owned; text without NUL bytes, terminated by one NUL */
	size_t size;
	dev_t dev;
	ino_t ino;
	struct timespec changed; /* its contents were */
};

/* The include() that names a file. */
struct place {
	const char *file;
	unsigned int line;
};

/*
 * Opens the file and reads all of it. The checks are made on the open file: it
 * must be a regular file that belongs to root or to the user, that no one else
 * may write, and that is UTF-8 text, and nobody else may change what its name
 * leads to (trust_path.h). A file that someone may still be writing is read again
 * until it stays the same (patience.h). from is where it is included, NULL for the
 * main file. /dev/null is an empty one. If copy is not NULL, that is read in place of the
 * file; messages name the file, except for who may read or change the copy. Returns -1 after
 * reporting what is wrong.
 */
int config_file_read(const char *name, const char *copy, const struct place *from,
		     struct config_file *file);

/*
 * The file that the error for a configuration that does not exist names first, before --capture;
 * borrowed; NULL: none.
 */
void config_file_last_good(const char *path);

/*
 * Whether nobody else may change which files are in the folder, if it exists. Returns -1
 * after reporting why not.
 */
int config_file_check_folder(const char *name, const struct place *from);
void config_file_clear(struct config_file *file);

#endif
