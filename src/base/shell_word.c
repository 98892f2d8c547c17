/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shell_word.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

char *shell_word(const char *word)
{
	char *quoted, *to;

	if (!word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")] &&
	    *word)
		return xstrdup(word);
	quoted = to = xcalloc(4 * strlen(word) + 3, 1);
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *word;
	}
	*to = '\'';
	return quoted;
}

char *shell_path(const char *path)
{
	char *plain = xasprintf("%s%s", *path == '-' ? "./" : "", path), *word = shell_word(plain);

	free(plain);
	return word;
}
