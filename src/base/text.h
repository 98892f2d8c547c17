/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEXT_H
#define DOCKFW_TEXT_H

#include <stdio.h>

/* A string that is built by printing to a stream. */
struct text {
	FILE *out; /* print here to append */
	char *v;   /* see text_take() */
	size_t size;
};

/* Starts an empty string; running out of memory ends the program, as in util.h. */
void text_open(struct text *text);
/* Closes the stream and returns the string; the caller frees it. */
char *text_take(struct text *text);

#endif
