/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folder_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "full_path.h"

#define CHANGES (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | \
		 IN_DELETE_SELF | IN_MOVE_SELF)

/* A folder, and the name in it that counts. */
struct folder_watch {
	int wd;     /* of inotify_add_watch(2) */
	char *name; /* owned; NULL: every name */
};

static void watches_free(struct folder_watch *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}

void folder_events_close(struct folder_events *events)
{
	if (events->fd >= 0)
		close(events->fd);
	watches_free(events->v, events->n);
	*events = (struct folder_events){ .fd = -1 };
}

static bool has_watch(const struct folder_events *events, int wd)
{
	for (size_t i = 0; i < events->n; i++)
		if (events->v[i].wd == wd)
			return true;
	return false;
}

static void add_watch(struct folder_events *events, const char *folder, const char *name)
{
	int wd = inotify_add_watch(events->fd, *folder ? folder : "/", CHANGES);

	/* There is nothing to listen to. */
	if (wd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (wd < 0) {
		events->lost = errno;
		return;
	}
	GROW(events->v, events->n, events->room);
	events->v[events->n++] = (struct folder_watch){ wd, name ? xstrdup(name) : NULL };
}

static void add_path(struct folder_events *events, const char *path)
{
	bool is_folder = *path && path[strlen(path) - 1] == '/';
	struct strings steps = { 0 };
	char *full = full_path_steps(path, &steps);

	for (size_t i = 0; i < steps.n; i++) {
		char *slash = strrchr(steps.v[i], '/');

		*slash = '\0';
		add_watch(events, steps.v[i], slash + 1);
	}
	if (is_folder)
		add_watch(events, full, NULL);
	strings_clear(&steps);
	free(full);
}

void folder_events_set(struct folder_events *events, const struct strings *paths)
{
	struct folder_events before = *events;

	*events = (struct folder_events){ .fd = before.fd };
	if (events->fd < 0)
		events->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (events->fd < 0)
		events->lost = errno;
	for (size_t i = 0; events->fd >= 0 && i < paths->n; i++)
		add_path(events, paths->v[i]);
	/* The kernel has removed those of folders that are gone itself. */
	for (size_t i = 0; i < before.n; i++)
		if (!has_watch(events, before.v[i].wd))
			(void)inotify_rm_watch(events->fd, before.v[i].wd);
	watches_free(before.v, before.n);
}

/* Events without a name are about the folder itself. */
static bool counts(const struct folder_events *events, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < events->n; i++)
		if (events->v[i].wd == event->wd &&
		    (!events->v[i].name || !event->len || !strcmp(events->v[i].name, event->name)))
			return true;
	return false;
}

bool folder_events_take(const struct folder_events *events)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool any = false;
	ssize_t size;

	while (events->fd >= 0 && (size = read(events->fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (char *at = buffer; at < buffer + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			any |= counts(events, event);
		}
	}
	return any;
}
