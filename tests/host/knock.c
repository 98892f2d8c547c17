/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client outside the host under test.
 *
 *	knock SOURCE ADDRESS PORT        one attempt: prints "answered", "refused" or
 *	                                 "silent"; exit status 0 if answered
 *	knock -l MS SOURCE ADDRESS PORT  a new connection every MS milliseconds until
 *	                                 SIGTERM, then prints "TRIES ANSWERS" and
 *	                                 the times of the first and the last answer
 *
 * A completed handshake is an answer, whether it comes from a container or from a
 * proxy on the host.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* An attempt without an answer is given up after this time: with -l, and without. */
#define PATIENCE_MS 400
#define ONE_TRY_MS 1500
#define MAX_OPEN 512

struct end {
	struct sockaddr_storage address;
	socklen_t size;
};

static volatile sig_atomic_t stop;

static void on_term(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static void print_time(time_t seconds, long nanoseconds)
{
	char text[16];
	struct tm local;

	strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&seconds, &local));
	printf(" %s.%03ld", text, nanoseconds / 1000000);
}

static struct end parse_end(const char *address, const char *port)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	struct end end;

	if (getaddrinfo(address, port, &hints, &found) != 0) {
		fprintf(stderr, "knock: '%s' port '%s' is not an address\n", address, port);
		exit(2);
	}
	memset(&end, 0, sizeof(end));
	memcpy(&end.address, found->ai_addr, found->ai_addrlen);
	end.size = found->ai_addrlen;
	freeaddrinfo(found);
	return end;
}

/* Returns a socket that is connecting, or -1 with errno set if it failed at once. */
static int start_try(const struct end *source, const struct end *target)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int one = 1;
	int fd = socket(source->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		perror("knock: socket");
		exit(2);
	}
	/* Closed with a reset, so that no port stays in TIME_WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) != 0 ||
	    bind(fd, (const struct sockaddr *)&source->address, source->size) != 0) {
		perror("knock: cannot use the source address");
		exit(2);
	}
	if (connect(fd, (const struct sockaddr *)&target->address, target->size) != 0 &&
	    errno != EINPROGRESS) {
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

static int outcome(int fd)
{
	int reason = 0;
	socklen_t size = sizeof(reason);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) == 0 ? reason : errno;
}

static int knock_once(const struct end *source, const struct end *target)
{
	struct pollfd poll_fd = { .events = POLLOUT };
	const char *said = "refused";
	int reason;

	poll_fd.fd = start_try(source, target);
	if (poll_fd.fd < 0) {
		reason = errno;
	} else if (poll(&poll_fd, 1, ONE_TRY_MS) == 0) {
		reason = ETIMEDOUT;
	} else {
		reason = outcome(poll_fd.fd);
	}
	if (poll_fd.fd >= 0)
		close(poll_fd.fd);
	if (reason == 0)
		said = "answered";
	else if (reason == ETIMEDOUT)
		said = "silent";
	puts(said);
	return reason == 0 ? 0 : 1;
}

static int knock_on(const struct end *source, const struct end *target, long pause_ms)
{
	static struct pollfd open_fds[MAX_OPEN];
	static long since[MAX_OPEN];
	struct sigaction action = { .sa_handler = on_term };
	struct timespec first = { 0 }, last = { 0 };
	unsigned long tries = 0, answers = 0;
	int count = 0;

	sigaction(SIGTERM, &action, NULL);
	while (!stop) {
		long now = now_ms();
		int kept = 0;

		if (count < MAX_OPEN) {
			int fd = start_try(source, target);

			tries++;
			if (fd >= 0) {
				open_fds[count] = (struct pollfd){ .fd = fd, .events = POLLOUT };
				since[count++] = now;
			}
		}
		if (poll(open_fds, (nfds_t)count, 0) < 0 && errno != EINTR) {
			perror("knock: poll");
			return 2;
		}
		for (int i = 0; i < count; i++) {
			bool ended = open_fds[i].revents != 0;

			if (ended && outcome(open_fds[i].fd) == 0) {
				clock_gettime(CLOCK_REALTIME, &last);
				if (!answers++)
					first = last;
			}
			if (ended || now - since[i] > PATIENCE_MS) {
				close(open_fds[i].fd);
				continue;
			}
			open_fds[kept] = open_fds[i];
			since[kept++] = since[i];
		}
		count = kept;
		nanosleep(&(struct timespec){ .tv_nsec = pause_ms * 1000000 }, NULL);
	}
	printf("%lu %lu", tries, answers);
	if (answers) {
		print_time(first.tv_sec, first.tv_nsec);
		print_time(last.tv_sec, last.tv_nsec);
	}
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	bool without_end = argc > 1 && strcmp(argv[1], "-l") == 0;
	struct end source, target;

	if (argc != (without_end ? 6 : 4)) {
		fprintf(stderr, "usage: knock [-l MS] SOURCE ADDRESS PORT\n");
		return 2;
	}
	source = parse_end(argv[argc - 3], "0");
	target = parse_end(argv[argc - 2], argv[argc - 1]);
	return without_end ? knock_on(&source, &target, atol(argv[2])) : knock_once(&source, &target);
}
