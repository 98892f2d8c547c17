/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PUT_FILE_H
#define DOCKFW_PUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Has write() fill the file at path, or standard output where path is NULL. A
 * file is put in place whole, by rename: never half-written, never in place of
 * anything but a file, and not at all where write() returns other than 0. Returns 0, or -1,
 * said.
 */
int output_put(const char *path, int (*write)(FILE *out, void *data), void *data);

/*
 * Whether what is written to path, as above, is for eyes that want colour; and the
 * columns of the terminal that shows it, 0 where it is none.
 */
bool output_colour(const char *path);
unsigned int output_width(const char *path);

#endif
