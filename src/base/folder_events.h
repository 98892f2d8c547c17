/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FOLDER_EVENTS_H
#define DOCKFW_FOLDER_EVENTS_H

#include <stdbool.h>

#include "util.h"

struct folder_watch;

/*
 * inotify(7) on the folders of files: whether any of them was written, created, renamed or
 * removed, or a folder or link on the way to it. The functions report nothing: without the
 * events, path_stamps.h finds the same later.
 */
struct folder_events {
	int fd; /* for poll(); -1: none */
	int lost; /* why some of the paths have no events, an errno; 0: all of them have */
	struct folder_watch *v;
	size_t n, room;
};

/*
 * Listens to these paths in place of those before. One that ends in '/' is a folder, and stands
 * for every file in it. Call it again after each event: a folder that was replaced is another
 * one, and one that does not exist is left out. No event of a folder that stays is lost.
 */
void folder_events_set(struct folder_events *events, const struct strings *paths);
/* Takes all that has come. Returns whether anything of it is about these paths. */
bool folder_events_take(const struct folder_events *events);
void folder_events_close(struct folder_events *events);

#endif
