/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "text.h"
#include "util.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Sends a datagram to a socket by its path; "@" begins an abstract name. */
static bool send_to(const char *path, const char *data, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	ssize_t sent;
	int fd;

	if (length < 2 || length >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, path, length);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, data, size, MSG_NOSIGNAL, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
	return sent == (ssize_t)size;
}

void service_notify(const char *assignments)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path)
		(void)send_to(path, assignments, strlen(assignments));
}

/* Days are more microseconds than a long of 32 bits holds. 0: it is not a number. */
static uint64_t microseconds(const char *text)
{
	unsigned long long us;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	us = strtoull(text, &end, 10);
	return errno || *end ? 0 : us;
}

unsigned int service_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us = usec ? microseconds(usec) : 0;
	unsigned long number;

	if (!us ||
	    (pid && (!parse_number(pid, 1, INT32_MAX, &number) || (pid_t)number != getpid())))
		return 0;
	/* Half of it, as sd_watchdog_enabled(3) recommends. */
	us /= 2000;
	return !us ? 1 : us < UINT32_MAX ? (unsigned int)us : UINT32_MAX;
}

/* A value with a newline is preceded by its length. */
static void put_field(FILE *out, const char *name, const char *value)
{
	uint64_t size = htole64(strlen(value));

	if (!strchr(value, '\n')) {
		fprintf(out, "%s=%s\n", name, value);
		return;
	}
	fprintf(out, "%s\n", name);
	fwrite(&size, sizeof(size), 1, out);
	fprintf(out, "%s\n", value);
}

bool service_journal(int priority, const char *message, const struct service_field *fields, unsigned int n)
{
	struct text text;
	char *data;
	size_t size;
	bool sent;

	text_open(&text);
	put_field(text.out, "MESSAGE", message);
	fprintf(text.out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=dockfw-check\n", priority);
	for (unsigned int i = 0; i < n; i++)
		if (fields[i].value)
			put_field(text.out, fields[i].name, fields[i].value);
	size = (size_t)ftell(text.out);
	data = text_take(&text);
	sent = send_to(JOURNAL_SOCKET, data, size);
	free(data);
	return sent;
}
