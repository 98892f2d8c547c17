/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of answer.py: ask ADDRESS PORT. The exit status is 0 if the server answers, 1 if it
 * refuses, and 2 if it does neither within two seconds.
 *
 * In C, because the suites ask thousands of times, and an interpreter takes many times as long
 * to start.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 2

static int failed(int reason)
{
	/* A local rule refuses with EPERM or EACCES. */
	int refused = reason == ECONNREFUSED || reason == EPERM || reason == EACCES;

	/* What a limit of send() or recv() gives, connect() gives as the first. */
	if (reason == EINPROGRESS || reason == EAGAIN)
		reason = ETIMEDOUT;
	puts(strerror(reason));
	return refused ? 1 : 2;
}

int main(int argc, char **argv)
{
	static const char word[] = "answer\n";
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	char said[16];
	ssize_t size;
	int fd, status;

	if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0) {
		fprintf(stderr, "usage: ask ADDRESS PORT\n");
		return 2;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
		perror("ask: socket");
		return 2;
	}
	if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		status = failed(errno);
	} else {
		size = recv(fd, said, sizeof(said), 0);
		if (size < 0)
			status = failed(errno);
		else
			status = size == (ssize_t)strlen(word) && memcmp(said, word, strlen(word)) == 0 ? 0 : 2;
	}
	freeaddrinfo(found);
	close(fd);
	return status;
}
