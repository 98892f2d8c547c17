/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READY_WRITE_H
#define DOCKFW_READY_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes what a stream takes at once, for a process that must not stop because nobody reads
 * what it prints: a pipe that is full, a terminal that Ctrl-S has stopped, a journal that hangs.
 */
struct ready_write {
	int fd; /* a standard stream */
	bool socket;
	bool torn;         /* a text was taken only in part, without the end of its line */
	unsigned int lost; /* texts that were not taken as a whole: the caller counts down */
};

/*
 * A descriptor of the same pipe or terminal that does not wait, and whose flags nobody else
 * shares; the caller closes it. -1 if it is neither, or cannot be opened again.
 */
int ready_description(int fd);

/*
 * Begins with that descriptor. A pipe or terminal gets an open file description of its own,
 * which does not wait: the flags of the one that it had are the shell's as well. Where that
 * cannot be had, as from a pipe of another user, it is written to in small parts, and only
 * when it is ready.
 */
void ready_write_begin(struct ready_write *out, int fd);

/*
 * Writes a text of whole lines. Returns 0; 1 if it is not taken as a whole at once, which is
 * counted; or -1 with errno for any other error.
 */
int ready_write(struct ready_write *out, const char *text, size_t size);

#endif
