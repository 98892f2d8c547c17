/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEXT_H
#define DOCKFW_TEXT_H

#include <stdio.h>

/* A text that grows by printing to a stream. */
struct text {
	FILE *out; /* what is printed here is added */
	char *v;   /* see text_take() */
	size_t size;
};

/* Begins an empty text; out of memory ends the program, as in util.h. */
void text_open(struct text *text);
/* Ends it and returns what was printed; the caller frees it. */
char *text_take(struct text *text);

#endif
