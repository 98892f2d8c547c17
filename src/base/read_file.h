/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READ_FILE_H
#define DOCKFW_READ_FILE_H

#include <stddef.h>

/*
 * Reads an open file to its end and sets size. Returns its bytes followed by a NUL;
 * the caller frees them. Returns NULL with errno set on failure: EFBIG if there are
 * more than most bytes.
 */
char *read_to_end(int fd, size_t most, size_t *size);

/* The same by name. Opening a FIFO does not wait; links are followed. */
char *read_file(const char *path, size_t most, size_t *size);
/* The same for a name in an open folder. */
char *read_file_at(int folder, const char *path, size_t most, size_t *size);

#endif
