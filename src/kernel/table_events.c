/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table_events.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "netlink.h"
#include "patience.h"
#include "util.h"

struct watch {
	struct netlink *netlink; /* NULL: nothing to hear from */
};

static int events_failed(const char *what)
{
	diag_error("cannot %s changes of nf_tables: %s; run it as root (CAP_NET_ADMIN)", what,
		   strerror(errno));
	return -1;
}

struct watch *watch_open(enum backend_kind kind)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	if (kind != BACKEND_NFT)
		return watch;
	watch->netlink = netlink_open(NETLINK_NETFILTER);
	/* A kernel without nf_tables: there is nothing to hear from. */
	if (!watch->netlink && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return watch;
	if (!watch->netlink ||
	    netlink_set(watch->netlink, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)) {
		events_failed("listen for");
		watch_close(watch);
		return NULL;
	}
	return watch;
}

/* Many messages come for one change; what they say is read from the tables. */
static int take_all(struct watch *watch)
{
	struct netlink_messages messages;

	for (;;) {
		if (!netlink_receive(watch->netlink, &messages))
			continue;
		if (errno == EAGAIN)
			return 0;
		/* Too many to hold, or one too large: a change all the same. */
		if (errno != ENOBUFS && errno != ENOSPC)
			return events_failed("receive");
	}
}

int watch_wait(struct watch *watch, unsigned int ms)
{
	if (!watch->netlink) {
		sleep_ms(ms < LEGACY_STEP_MS ? ms : LEGACY_STEP_MS);
		return 0;
	}
	if (netlink_wait(watch->netlink, ms))
		return errno ? events_failed("wait for") : -1;
	return take_all(watch);
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	netlink_close(watch->netlink);
	free(watch);
}
