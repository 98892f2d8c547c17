/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xt_socket.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How the libraries open theirs (libiptc.c, xtables.c and libxt_set.h of iptables 1.8). */
static bool is_for_tables(int family, int type, int protocol)
{
	return (family == AF_INET || family == AF_INET6) && protocol == IPPROTO_RAW &&
	       (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_RAW;
}

int socket(int family, int type, int protocol)
{
	if (is_for_tables(family, type, protocol)) {
		type = SOCK_DGRAM | (type & (SOCK_CLOEXEC | SOCK_NONBLOCK));
		protocol = 0;
	}
	return (int)syscall(SYS_socket, family, type, protocol);
}
