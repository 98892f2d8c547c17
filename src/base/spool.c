/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "patience.h"
#include "put_file.h"
#include "ready_write.h"
#include "util.h"

/* With less, a report could be cut off without a word; no report comes near it. */
#define SIZE_NEEDED (16UL * 1024 * 1024)

static int check_size(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur >= SIZE_NEEDED)
		return 0;
	diag_error("the limit of the size of files (RLIMIT_FSIZE, ulimit -f) is %lu bytes; at least "
		   "%lu are needed", (unsigned long)limit.rlim_cur, SIZE_NEEDED);
	return -1;
}

/* The same descriptor does for a file, and for a socket, which show() does not wait for. */
static int not_blocking(int fd)
{
	int own = ready_description(fd);

	return own < 0 ? fd : own;
}

int spool_open(struct spool *spool)
{
	static const int to[SPOOL_STREAMS] = { STDERR_FILENO, STDOUT_FILENO };
	int status = check_size();

	spool->terminal = -1;
	for (int i = 0; i < SPOOL_STREAMS; i++) {
		spool->streams[i] = (struct spool_stream){ .fd = -1, .to = not_blocking(to[i]) };
		if (!status && (spool->streams[i].fd = memfd_create("dockfw-spool", MFD_CLOEXEC)) < 0) {
			diag_error("cannot create a file in memory: %s", strerror(errno));
			status = -1;
		}
	}
	return status;
}

void spool_close(struct spool *spool)
{
	for (int i = 0; i < SPOOL_STREAMS; i++)
		if (spool->streams[i].fd >= 0)
			close(spool->streams[i].fd);
	spool_leave_terminal(spool);
}

int spool_enter(struct spool *spool)
{
	spool->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (spool->terminal >= 0) {
		output_shown_on(spool->terminal);
		if (dup2(spool->streams[SPOOL_ERROR].fd, STDERR_FILENO) >= 0 &&
		    dup2(spool->streams[SPOOL_OUTPUT].fd, STDOUT_FILENO) >= 0)
			return 0;
	}
	diag_error("cannot write into memory: %s", strerror(errno));
	return -1;
}

void spool_leave_terminal(struct spool *spool)
{
	output_shown_on(STDOUT_FILENO);
	if (spool->terminal >= 0)
		close(spool->terminal);
	spool->terminal = -1;
	for (int i = 0; i < SPOOL_STREAMS; i++) {
		if (spool->streams[i].to > STDERR_FILENO)
			close(spool->streams[i].to);
		spool->streams[i].to = -1;
	}
}

static bool is_pending(const struct spool_stream *stream)
{
	struct stat file;

	return !stream->gone && !fstat(stream->fd, &file) && file.st_size > stream->shown;
}

bool spool_pending(const struct spool *spool)
{
	return is_pending(&spool->streams[SPOOL_ERROR]) || is_pending(&spool->streams[SPOOL_OUTPUT]);
}

void spool_wait(const struct spool *spool, struct pollfd fds[SPOOL_STREAMS])
{
	bool found = false;

	for (int i = 0; i < SPOOL_STREAMS; i++) {
		bool pending = !found && is_pending(&spool->streams[i]);

		fds[i] = (struct pollfd){ .fd = pending ? spool->streams[i].to : -1, .events = POLLOUT };
		found |= pending;
	}
}

/* Into a pipe that is ready for it, so much is written at once (pipe(7)). */
static int show(struct spool_stream *stream)
{
	char text[PIPE_BUF];
	ssize_t n = pread(stream->fd, text, sizeof(text), stream->shown), done;

	if (n <= 0)
		return 0;
	done = send(stream->to, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (done < 0 && errno == ENOTSOCK)
		done = write(stream->to, text, (size_t)n);
	if (done >= 0) {
		stream->shown += done;
	} else if (errno == EAGAIN) {
		/* A terminal is ready, and yet has no room for the end of a line. */
		sleep_ms(SPOOL_PAUSE_MS);
	} else if (errno != EINTR) {
		stream->gone = true;
		return -1;
	}
	return 0;
}

int spool_show(struct spool *spool, const struct pollfd fds[SPOOL_STREAMS])
{
	int status = 0;

	for (int i = 0; i < SPOOL_STREAMS; i++)
		if (fds[i].fd >= 0 && fds[i].revents && show(&spool->streams[i]) && i == SPOOL_OUTPUT)
			status = -1;
	return status;
}

void spool_print(const struct spool *spool, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	/* What it costs if that fails is the text. */
	(void)!write(spool->streams[SPOOL_OUTPUT].fd, text, strlen(text));
	free(text);
}
