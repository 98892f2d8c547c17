/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PROXIES_H
#define DOCKFW_DOCKER_PROXIES_H

#include "proxies.h"

/* Reads the running docker-proxy processes from /proc. */

/*
 * Reads those in this network namespace by their command lines. One for 0.0.0.0 that
 * also listens for IPv6, or one for [::] that also does for IPv4, as the kernel shows, is
 * listed twice. One that is not certainly the host's Docker (process.h) is left out. Returns
 * 0, or -1 if /proc cannot be read, reported.
 */
int proxies_read(struct proxies *proxies);

/*
 * Parses a command line of NUL-terminated words; returns false if it is not
 * docker-proxy's or is incomplete. Pure.
 */
bool proxies_parse(const char *words, size_t size, struct proxy *proxy);

#endif
