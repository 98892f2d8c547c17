/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table_events.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "patience.h"
#include "util.h"

struct watch {
	struct mnl_socket *socket; /* NULL: nothing to hear from */
};

static int failed(const char *what)
{
	diag_error("cannot %s changes of nf_tables: %s; run it as root (CAP_NET_ADMIN)", what,
		   strerror(errno));
	return -1;
}

struct watch *watch_open(enum backend_kind kind)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));
	unsigned int group = NFNLGRP_NFTABLES;

	if (kind != BACKEND_NFT)
		return watch;
	watch->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* A kernel without nf_tables: there is nothing to hear from. */
	if (!watch->socket && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return watch;
	if (!watch->socket || mnl_socket_bind(watch->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(watch->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		failed("listen for");
		watch_close(watch);
		return NULL;
	}
	return watch;
}

/* Many messages come for one change; what they say is read from the tables. */
static int take_all(struct watch *watch)
{
	char buffer[16384];

	for (;;) {
		if (mnl_socket_recvfrom(watch->socket, buffer, sizeof(buffer)) >= 0)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		/* Too many to hold, or one too large: a change all the same. */
		if (errno != ENOBUFS && errno != ENOSPC && errno != EINTR)
			return failed("receive");
	}
}

int watch_wait(struct watch *watch, unsigned int ms)
{
	struct pollfd fd = { .events = POLLIN };

	if (!watch->socket) {
		sleep_ms(ms < LEGACY_STEP_MS ? ms : LEGACY_STEP_MS);
		return 0;
	}
	fd.fd = mnl_socket_get_fd(watch->socket);
	if (poll(&fd, 1, (int)ms) < 0 && errno != EINTR)
		return failed("wait for");
	return take_all(watch);
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->socket)
		mnl_socket_close(watch->socket);
	free(watch);
}
