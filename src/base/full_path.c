/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "full_path.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define LINKS_LIMIT 40 /* as in the kernel */

/* The rest of the path if name is a link at the end of done; else NULL. */
static char *through_link(const char *done, const char *rest)
{
	char target[PATH_MAX];
	ssize_t size = readlink(done, target, sizeof(target) - 1);

	if (size <= 0 || size == sizeof(target) - 1)
		return NULL;
	target[size] = '\0';
	return xasprintf("%s/%s", target, rest);
}

/* Without its last name; "" is the root. */
static void cut_last(char *done)
{
	char *slash = strrchr(done, '/');

	if (slash)
		*slash = '\0';
}

static char *absolute(const char *path)
{
	char folder[PATH_MAX];

	return *path == '/' || !getcwd(folder, sizeof(folder)) ? xstrdup(path)
							       : xasprintf("%s/%s", folder, path);
}

char *full_path(const char *path)
{
	return full_path_steps(path, NULL);
}

char *full_path_steps(const char *path, struct strings *steps)
{
	char *whole = absolute(path), *done = xstrdup(""), *at = whole;
	unsigned int links = 0;

	while (*at) {
		size_t length = strcspn(at, "/");
		char *next, *link, *rest = at + length + strspn(at + length, "/");

		if (!length || (length == 1 && *at == '.')) {
			at = rest;
			continue;
		}
		if (length == 2 && !strncmp(at, "..", 2)) {
			cut_last(done);
			at = rest;
			continue;
		}
		next = xasprintf("%s/%.*s", done, (int)length, at);
		if (steps)
			strings_add(steps, next);
		link = links < LINKS_LIMIT ? through_link(next, rest) : NULL;
		if (!link) {
			free(done);
			done = next;
			at = rest;
			continue;
		}
		links++;
		free(next);
		if (*link == '/')
			*done = '\0';
		free(whole);
		whole = at = link;
	}
	free(whole);
	return done;
}
