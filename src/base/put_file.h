/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PUT_FILE_H
#define DOCKFW_PUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Calls write() to fill the file at path, or standard output if path is NULL. The
 * complete file is put in place by rename: never half-written, never in place of
 * anything but a regular file, and not at all unless write() returns 0. Returns 0,
 * or -1 after reporting why.
 */
int output_put(const char *path, int (*write)(FILE *out, void *data), void *data);

/*
 * Whether output to path, as above, goes to a terminal that should get colour; and
 * the number of columns of that terminal, 0 if it is not a terminal.
 */
bool output_colour(const char *path);
unsigned int output_width(const char *path);

#endif
