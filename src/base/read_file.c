/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "util.h"

#define FIRST_ROOM 4096

char *read_to_end(int fd, size_t most, size_t *size)
{
	size_t room = FIRST_ROOM;
	char *data = xreallocarray(NULL, room + 1, 1);

	*size = 0;
	for (;;) {
		ssize_t got = read(fd, data + *size, room - *size);

		if (got < 0 && errno == EINTR)
			continue;
		if (!got)
			break;
		if (got > 0)
			*size += (size_t)got;
		if (got < 0 || *size > most) {
			int error = got < 0 ? errno : EFBIG;

			free(data);
			errno = error;
			return NULL;
		}
		if (*size == room) {
			room *= 2;
			data = xreallocarray(data, room + 1, 1);
		}
	}
	data[*size] = '\0';
	return data;
}

char *read_file_at(int folder, const char *path, size_t most, size_t *size)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *data;
	int error;

	if (fd < 0)
		return NULL;
	data = read_to_end(fd, most, size);
	error = errno;
	close(fd);
	errno = error;
	return data;
}

char *read_file(const char *path, size_t most, size_t *size)
{
	return read_file_at(AT_FDCWD, path, most, size);
}
