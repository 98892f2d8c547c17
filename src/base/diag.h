/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIAG_H
#define DOCKFW_DIAG_H

#include <stdbool.h>

/*
 * Diagnostics. A function that fails says why here, where the bad value is
 * known, and returns -1; its callers pass the failure on and say no more.
 * Each message is one line: control characters in it are shown as \xNN, and a
 * very long one loses its middle.
 */

/*
 * verbosity is the number of -v. With hold, errors are kept for the report
 * and not printed (a monitoring plugin has only stdout).
 */
void diag_setup(int verbosity, bool hold);
/* Ends the holding: later errors are printed, and the first held one with say. */
void diag_release(bool say);

/*
 * Whether that descriptor leads to the journal, which takes a priority "<N>"
 * from the beginning of a line.
 */
bool diag_journal(int fd);

/* An error; the program will end with status 3. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, of the configuration: "FILE:LINE: message". */
void diag_error_at(const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Something that the operator should know and that fails nothing. */
void diag_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A step of the work, shown from that many -v on. */
void diag_step(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first error so far, or NULL; and how many there were. */
const char *diag_first_error(void);
unsigned int diag_error_count(void);

void diag_cleanup(void);

#endif
