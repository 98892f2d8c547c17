/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PROXIES_H
#define DOCKFW_DOCKER_PROXIES_H

#include "proxies.h"

/* Reads which docker-proxies run, from /proc. */

/*
 * Those that run in this network namespace, by their command lines. Where the
 * kernel shows that one for 0.0.0.0 listens for IPv6 too, it is there twice. What
 * cannot be looked at is left out. Returns -1, said, where /proc cannot be read.
 */
int proxies_read(struct proxies *proxies);

/*
 * Reads a command line of NUL-ended words; false where it is none of
 * docker-proxy's, or not whole. Pure.
 */
bool proxies_parse(const char *words, size_t size, struct proxy *proxy);

#endif
