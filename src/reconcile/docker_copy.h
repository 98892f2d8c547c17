/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_COPY_H
#define DOCKFW_DOCKER_COPY_H

#include <jansson.h>

#include "docker_keep.h"

/*
 * The copy of Docker's chains as JSON, and back. Names and bytes that the kernel compares are
 * hexadecimal, since a name of an interface may hold anything but a slash. Counters and handles
 * are left out. No I/O.
 */

/* The caller owns the value. */
json_t *docker_copy_to_json(const struct docker_keep *keep);

/*
 * Fills in a copy from such a value, which need not be one: what is not whole is refused.
 * Returns false then, and keep is empty. The caller clears keep.
 */
bool docker_copy_from_json(const json_t *root, struct docker_keep *keep);

#endif
