/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SAFE_STREAM_H
#define DOCKFW_SAFE_STREAM_H

#include <stdio.h>

/*
 * A stream for reports. Names of interfaces and chains, comments and the like are others'
 * text: anything but a newline that utf8_shown() does not accept is written as \xNN, so that
 * no byte of it acts on a terminal or ends a line.
 */
struct safe_stream {
	FILE *to;      /* borrowed; NULL: nothing is passed on */
	size_t hidden; /* how many bytes have become \xNN so far */
	unsigned char rest[4]; /* the beginning of a character */
	size_t nrest;
};

/*
 * Opens the stream; state must live until the caller has closed it. Errors of to are for the
 * caller to see there. Returns NULL, with errno set, if there is no memory.
 */
FILE *safe_stream_open(struct safe_stream *state, FILE *to);

#endif
