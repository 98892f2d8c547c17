/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table_events.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "netlink.h"
#include "patience.h"
#include "util.h"

struct table_events {
	struct netlink *netlink; /* NULL: no source of events */
};

static int events_failed(const char *what)
{
	diag_error("cannot %s changes of nf_tables: %s; run as root (CAP_NET_ADMIN)", what,
		   strerror(errno));
	return -1;
}

struct table_events *table_events_open(enum backend_kind kind)
{
	struct table_events *events = xcalloc(1, sizeof(*events));

	if (kind != BACKEND_NFT)
		return events;
	events->netlink = netlink_open(NETLINK_NETFILTER);
	/* A kernel without nf_tables sends no events. */
	if (!events->netlink && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return events;
	if (!events->netlink ||
	    netlink_set(events->netlink, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)) {
		events_failed("listen for");
		table_events_close(events);
		return NULL;
	}
	return events;
}

/* One change sends many messages; their contents are read from the tables instead. */
static int take_all(struct table_events *events)
{
	struct netlink_messages messages;

	/* While others write without a pause, only the time limit ends this. */
	while (!deadline_check()) {
		if (!netlink_receive(events->netlink, &messages))
			continue;
		if (errno == EAGAIN)
			return 0;
		/* Too many to hold, or one is too large: still a change. */
		if (errno != ENOBUFS && errno != ENOSPC)
			return events_failed("receive");
	}
	return -1;
}

int table_events_wait(struct table_events *events, unsigned int ms)
{
	if (!events->netlink) {
		sleep_ms(ms < LEGACY_STEP_MS ? ms : LEGACY_STEP_MS);
		return 0;
	}
	if (netlink_wait(events->netlink, ms))
		return errno ? events_failed("wait for") : -1;
	return take_all(events);
}

void table_events_close(struct table_events *events)
{
	if (!events)
		return;
	netlink_close(events->netlink);
	free(events);
}
