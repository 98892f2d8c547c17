/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipv6_links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read_file.h"

#define SIZE_LIMIT (64U * 1024 * 1024)

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

bool ipv6_forwards(void)
{
	size_t size;
	char *text = read_file("/proc/sys/net/ipv6/conf/all/forwarding", 64, &size);
	bool forwards = !text || strcmp(text, "0\n");

	free(text);
	return forwards;
}
