/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipv6_links.h"

#include <dirent.h>
#include <errno.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <stdio.h>
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

/* A route of the host's own addresses, or one that only refuses, leads nowhere. */
static bool leads_on(const char *destination, const char *flags)
{
	unsigned long bits = strtoul(flags, NULL, 16);
	bool link_local = !strncmp(destination, "fe8", 3) || !strncmp(destination, "fe9", 3) ||
			  !strncmp(destination, "fea", 3) || !strncmp(destination, "feb", 3);

	return !link_local && strncmp(destination, "ff", 2) &&
	       !(bits & (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT));
}

int ipv6_route_links(struct strings *names)
{
	FILE *file = fopen("/proc/self/net/ipv6_route", "re");
	char *line = NULL;
	size_t room = 0;
	int failed;

	if (!file)
		return errno == ENOENT ? 0 : -1;
	while (getline(&line, &room, file) > 0) {
		char *words[10] = { NULL }, *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = next_word(&rest);
		if (words[9] && leads_on(words[0], words[8]) && !strings_has(names, words[9]))
			strings_add(names, words[9]);
	}
	failed = ferror(file) ? errno : 0;
	free(line);
	fclose(file);
	errno = failed;
	return failed ? -1 : 0;
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
