/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PUT_FILE_H
#define DOCKFW_PUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "keep_file.h"

/*
 * Calls write() to fill the file at path, or standard output if path is NULL. There, a
 * reader that has closed its end of a pipe has seen enough: that is no failure. The
 * complete file is put in place by rename: never half-written, never in place of
 * anything but a regular file, and not at all unless write() returns 0. No link of
 * another user's is followed, and none after a folder that others may change
 * (TRUST_LINKS). What an earlier run of this user left there when it was killed is
 * removed. Returns 0, or -1 after reporting why.
 */
int output_put(const char *path, int (*write)(FILE *out, void *data), void *data);
/*
 * The same for a text that people read, in which names are others' text: what a terminal would
 * act on is written as \xNN (safe_stream.h). On a terminal with colours, which would look the
 * same, write() is called twice, first to see whether there is any; if so, output_colour() is
 * false the second time.
 */
int output_put_text(const char *path, int (*write)(FILE *out, void *data), void *data);

/*
 * The same for a file that people write by hand. An existing one is only replaced as keep
 * allows, and its owner and mode stay; a new one has mode 0600.
 */
int output_put_kept(const char *path, const struct keep *keep,
		    int (*write)(FILE *out, void *data), void *data);

/*
 * Ends what was written to standard output otherwise. Returns 0 if all of it was, or if nobody
 * reads it any more; else -1 after reporting why.
 */
int output_end(void);

/*
 * Whether nobody reads standard output any more: the other end of the pipe is closed
 * (POLLERR, poll(2)), or the terminal has hung up.
 */
bool output_reader_gone(void);

/*
 * Whether a report may go to path: not if that is a file of the program's own (own_files.h). Before
 * anything is written, so that it is not done without its report. NULL, standard output, may.
 * Returns 0, or -1 after reporting on standard error, in each format, why not.
 */
int output_check(const char *path);

/*
 * When output has colour. COLOUR_AUTO, the default: on a terminal that is not "dumb", unless
 * NO_COLOR is set and not empty (https://no-color.org).
 */
enum output_colours { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
void output_set_colour(enum output_colours when);

/*
 * Whether output to path, as above, should get colour; and the number of columns of the
 * terminal that it goes to, 0 if it is not a terminal. write() may call them.
 */
bool output_colour(const char *path);
unsigned int output_width(const char *path);
/* Whether it goes to the journal. */
bool output_journal(const char *path);
/* For these, standard output is fd: another process shows there what is written (spool.h). */
void output_shown_on(int fd);

#endif
