/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ROUTE_READ_H
#define DOCKFW_ROUTE_READ_H

#include <linux/netlink.h>

#include "netinfo.h"

/* Takes the routes, and the nexthop objects that they may name, from rtnetlink's messages. */

/* A nexthop object (ip nexthop): one way out, none, or a group of other objects. */
struct nexthop {
	uint32_t id;
	int out;           /* index of the interface; 0: not known */
	bool gateway;
	bool blackhole;
	bool down;         /* its link was down when the kernel last looked */
	uint32_t *members; /* owned: the ids of a group */
	size_t nmembers;
};

/* What is read; the interfaces come first, and the nexthop objects before the routes. */
struct reading {
	struct netinfo *info; /* borrowed */
	struct nexthop *nexthops; /* owned; in the order of their ids, as the kernel lists them */
	size_t n, room;
};

void reading_clear(struct reading *reading); /* not the info */
/* For messages of RTM_NEWNEXTHOP and RTM_NEWROUTE; any other is ignored. */
void take_nexthop(const struct nlmsghdr *message, struct reading *reading);
void take_route(const struct nlmsghdr *message, struct reading *reading);

#endif
