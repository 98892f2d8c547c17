/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LINK_EVENTS_H
#define DOCKFW_LINK_EVENTS_H

#include <stdbool.h>

struct netlink;

/*
 * rtnetlink's announcements of interfaces: one was made, renamed, changed or removed. The
 * functions report nothing: whoever can do without them goes on.
 */

/* Begins to listen. Returns NULL if that cannot be had; else the caller closes it. */
struct netlink *link_events_open(void);
/* For poll(): -1 if it is NULL. */
int link_events_fd(const struct netlink *events);
/* Takes all that has come. Returns whether that was anything, or something was lost. */
bool link_events_take(struct netlink *events);

#endif
