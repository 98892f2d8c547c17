/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <string.h>
#include <strings.h>

#include "util.h"

char answer_parse(char *line, const char *letters)
{
	static const char *const words[] = { "yes", "no", "edit" };

	size_t length;

	line += strspn(line, " \t");
	length = strcspn(line, "\r\n");
	line[length] = '\0';
	while (length && strchr(" \t", line[length - 1]))
		line[--length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strchr(letters, *words[i]) && length &&
		    !strncasecmp(line, words[i], length == 1 ? 1 : strlen(words[i]) + 1))
			return *words[i];
	return 0;
}
