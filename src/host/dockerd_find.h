/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_FIND_H
#define DOCKFW_DOCKERD_FIND_H

#include "dockerd.h"

/* Finds dockerd through /proc, without its socket. */

/*
 * Looks for dockerd without touching its socket: first at the process that /run/docker.pid
 * names, then, if a unix socket has Docker's name, among all. dockerd is a process of that
 * name that certainly is this host's Docker (process.h); one for which that is not certain
 * does not count, nor does a rootless one. Its settings are read only from a regular file of root's that nobody else can change.
 * If none is found, only the firewall backend is read, from daemon.json, and hidden and may_run
 * say whether one may run all the same.
 * Returns 0, or -1 if /proc cannot be read, reported. The caller clears dockerd in any
 * case.
 */
int dockerd_find(struct dockerd *dockerd);

/*
 * Looks through all processes for a dockerd that publishes ports past this host's tables:
 * a rootless one, or one in another network namespace (process_is_elsewhere()). Anyone can
 * give a process that name, so this only shows what is not known. Returns 0, or -1 if
 * /proc cannot be read, reported.
 */
int docker_elsewhere_find(struct docker_elsewhere *elsewhere);

#endif
