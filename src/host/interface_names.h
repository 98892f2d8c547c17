/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_INTERFACE_NAMES_H
#define DOCKFW_INTERFACE_NAMES_H

#include "util.h"

#define INTERFACES_FILE "/proc/self/net/dev"

/*
 * Adds the names of all interfaces of this network namespace to names, which the caller
 * clears. Needs no rights. Returns -1 with errno set, and reports nothing, if the kernel
 * does not list them.
 *
 * Reads INTERFACES_FILE: /sys/class/net may be that of another network namespace,
 * and if_nametoindex(3) has the kernel load a module for a name that it does not know
 * (dev_load() in net/core/dev_ioctl.c).
 */
int interface_names(struct strings *names);

#endif
