/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipv6_links.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read_file.h"

#define SIZE_LIMIT (64U * 1024 * 1024)
#define IPV6_CONF "/proc/sys/net/ipv6/conf"

/* The next word of a line; NULL: there is none. */
static char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " ");
	while (word && !*word);
	return word;
}

int ipv6_links(struct strings *names)
{
	size_t size;
	char *text = read_file("/proc/self/net/if_inet6", SIZE_LIMIT, &size), *rest = text, *line;

	if (!text)
		return errno == ENOENT ? 0 : -1;
	while ((line = strsep(&rest, "\n"))) {
		char *words[6] = { NULL };

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = next_word(&line);
		if (words[5] && !strcmp(words[3], "00") && !strings_has(names, words[5]))
			strings_add(names, words[5]);
	}
	free(text);
	return 0;
}

/* Whether the switch in that folder of an interface is on, or the value if it is not there. */
static bool is_on(const char *folder, const char *name, bool missing)
{
	char *path = xasprintf(IPV6_CONF "/%s/%s", folder, name);
	size_t size;
	char *text = read_file(path, 64, &size);
	bool on = text ? strcmp(text, "0\n") : missing;

	free(text);
	free(path);
	return on;
}

/* Since Linux 6.17 each interface has a switch of its own; "all" and "default" only set it. */
static bool any_is_forced(void)
{
	DIR *folder = opendir(IPV6_CONF);
	struct dirent *entry;
	bool forced = false;

	if (!folder)
		return false;
	while (!forced && (entry = readdir(folder)))
		forced = *entry->d_name != '.' && strcmp(entry->d_name, "all") &&
			 strcmp(entry->d_name, "default") &&
			 is_on(entry->d_name, "force_forwarding", false);
	closedir(folder);
	return forced;
}

bool ipv6_forwards(void)
{
	return is_on("all", "forwarding", true) || any_is_forced();
}
