/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folder_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | \
		 IN_DELETE_SELF | IN_MOVE_SELF)

void folder_events_close(struct folder_events *events)
{
	if (events->fd >= 0)
		close(events->fd);
	events->fd = -1;
	strings_clear(&events->folders);
}

static bool same_strings(const struct strings *a, const struct strings *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strings_has(b, a->v[i]);
	return same;
}

void folder_events_set(struct folder_events *events, const struct strings *folders)
{
	if (events->fd >= 0 && same_strings(&events->folders, folders))
		return;
	folder_events_close(events);
	events->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (size_t i = 0; i < folders->n; i++) {
		strings_add(&events->folders, folders->v[i]);
		if (events->fd >= 0)
			(void)inotify_add_watch(events->fd, folders->v[i], CHANGES);
	}
}

bool folder_events_take(const struct folder_events *events)
{
	char buffer[4096] __attribute__((aligned(8)));
	bool any = false;

	while (events->fd >= 0 && read(events->fd, buffer, sizeof(buffer)) > 0)
		any = true;
	return any;
}
