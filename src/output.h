/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OUTPUT_H
#define DOCKFW_OUTPUT_H

#include <stdio.h>

/*
 * Has write() fill the file at path, or standard output where path is NULL. A
 * file is put in place whole, by rename: never half-written, never in place of
 * anything but a file, and not at all where write() returns other than 0. Returns 0, or -1,
 * said.
 */
int output_put(const char *path, int (*write)(FILE *out, void *data), void *data);

#endif
