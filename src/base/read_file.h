/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READ_FILE_H
#define DOCKFW_READ_FILE_H

#include <stddef.h>

/*
 * Reads an open file to its end, however long it is, up to most bytes. Returns them
 * with a NUL after the last one; the caller frees it. NULL with errno where that
 * fails: EFBIG where there is more.
 */
char *read_to_end(int fd, size_t most, size_t *size);

/* The same by name. The open of a FIFO does not wait; links are followed. */
char *read_file(const char *path, size_t most, size_t *size);

#endif
