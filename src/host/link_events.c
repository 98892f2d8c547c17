/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_events.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink.h"
#include "patience.h"

struct netlink *link_events_open(void)
{
	struct netlink *events = netlink_open(NETLINK_ROUTE);

	if (!events || !netlink_set(events, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK))
		return events;
	netlink_close(events);
	return NULL;
}

int link_events_fd(const struct netlink *events)
{
	return events ? netlink_fd(events) : -1;
}

/* A bridge also announces the state of its ports, which changes nothing here. */
static bool is_of_link(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return false;
	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) && link->ifi_family == AF_UNSPEC;
}

bool link_events_take(struct netlink *events)
{
	struct netlink_messages messages;
	const struct nlmsghdr *message;
	bool any = false;

	/* What is left makes the descriptor readable again. */
	for (unsigned int i = 0; i < WATCH_TAKE_MOST; i++) {
		int status = netlink_receive(events, &messages);

		if (status && errno != ENOBUFS && errno != ENOSPC)
			break;
		any |= status != 0;
		while (!status && (message = netlink_next(&messages)))
			any |= is_of_link(message);
	}
	return any;
}
