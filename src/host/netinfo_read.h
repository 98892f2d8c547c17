/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETINFO_READ_H
#define DOCKFW_NETINFO_READ_H

#include "netinfo.h"

/*
 * Reads everything through rtnetlink. Returns 0, or -1 if the kernel refuses or omits
 * routes, reported.
 */
int netinfo_read(struct netinfo *info);

#endif
