/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETINFO_READ_H
#define DOCKFW_NETINFO_READ_H

#include "netinfo.h"

/* Reads it all by rtnetlink. Returns -1, said, where the kernel refuses or leaves routes out. */
int netinfo_read(struct netinfo *info);

#endif
