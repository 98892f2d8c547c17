/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PATH_STAMPS_H
#define DOCKFW_PATH_STAMPS_H

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/*
 * Whether files have changed, where inotify(7) cannot be used: compares the stat(2) data of each
 * file, and of each folder and link on the way to it. Reports nothing.
 */
struct path_stamps {
	struct path_stamp *v; /* owned */
	size_t n, room;
};

/*
 * Compares these paths from now on, in place of those before. One that ends in '/' is a folder:
 * it changes when a file comes or goes. A path that was compared before keeps what was known of
 * it, so that no change between two calls is lost.
 */
void path_stamps_set(struct path_stamps *stamps, const struct strings *paths);
/* Whether any has changed since the last call, or since it was added. */
bool path_stamps_changed(struct path_stamps *stamps);
void path_stamps_clear(struct path_stamps *stamps);

#endif
