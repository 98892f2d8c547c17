/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interface_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_file.h"

/* About 120 bytes are for one interface. */
#define SIZE_LIMIT (16U * 1024 * 1024)

int interface_names(struct strings *names)
{
	size_t size;
	char *text = read_file(INTERFACES_FILE, SIZE_LIMIT, &size), *rest = text, *line;

	if (!text)
		return -1;
	/* Two lines of titles have no colon; a name has neither a colon nor blanks. */
	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		strings_add(names, line + strspn(line, " "));
	}
	free(text);
	return 0;
}
