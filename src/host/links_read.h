/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LINKS_READ_H
#define DOCKFW_LINKS_READ_H

#include "links.h"

/*
 * Adds the interfaces of this network namespace that have one of the names, as their own or as
 * an altname (Linux 5.5), to links, which the caller clears. One or two requests for each name,
 * however many interfaces the host has. Needs no rights, and loads no kernel module. Returns -1
 * with errno set; errno 0: the time limit has passed, which was reported.
 */
int links_read(const struct strings *names, struct links *links);

#endif
