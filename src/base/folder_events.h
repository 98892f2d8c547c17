/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FOLDER_EVENTS_H
#define DOCKFW_FOLDER_EVENTS_H

#include <stdbool.h>

#include "util.h"

/*
 * inotify(7) on folders: whether any file in them was written, created, renamed or removed.
 * The functions report nothing: whoever can do without the events goes on.
 */
struct folder_events {
	int fd; /* for poll(); -1: none */
	struct strings folders;
};

/* Listens to these folders in place of those before; those that do not exist are left out. */
void folder_events_set(struct folder_events *events, const struct strings *folders);
/* Takes all that has come. Returns whether there was anything. */
bool folder_events_take(const struct folder_events *events);
void folder_events_close(struct folder_events *events);

#endif
