/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ready_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

int ready_description(int fd)
{
	struct stat st;
	char path[32];

	/* A file that is opened again would be written from its beginning. */
	if (!isatty(fd) && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void ready_write_begin(struct ready_write *out, int fd)
{
	struct stat st;
	int own;

	*out = (struct ready_write){ .fd = fd };
	if (fstat(fd, &st) < 0)
		return;
	out->socket = S_ISSOCK(st.st_mode);
	own = ready_description(fd);
	if (own < 0)
		return;
	dup2(own, fd);
	close(own);
}

static bool is_ready(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLOUT };

	return poll(&one, 1, 0) != 0;
}

/* A pipe that is ready takes PIPE_BUF bytes at once, or nothing of them (pipe(7)). */
static ssize_t write_part(const struct ready_write *out, const char *text, size_t size)
{
	if (out->socket)
		return send(out->fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!is_ready(out->fd)) {
		errno = EAGAIN;
		return -1;
	}
	return write(out->fd, text, size < PIPE_BUF ? size : PIPE_BUF);
}

/* Returns 0, 1 or -1 as ready_write() does; *begun: some of it was taken. */
static int write_all(const struct ready_write *out, const char *text, size_t size, bool *begun)
{
	while (size) {
		ssize_t done = write_part(out, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 1 : -1;
		*begun |= done > 0;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

int ready_write(struct ready_write *out, const char *text, size_t size)
{
	bool begun = false;
	int status = out->torn && size ? write_all(out, "\n", 1, &begun) : 0;

	if (!status && size) {
		out->torn = begun = false;
		status = write_all(out, text, size, &begun);
		out->torn = status && begun;
	}
	out->lost += status > 0;
	return status;
}
