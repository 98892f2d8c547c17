/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIAG_H
#define DOCKFW_DIAG_H

#include <stdbool.h>

#include "util.h"

/*
 * Diagnostics. A function that fails reports why here, where the bad value is
 * known, and returns -1; its callers pass the failure on without another message.
 * Each message is one line: control characters are shown as \xNN, and a very long
 * message loses its middle.
 */

/*
 * verbosity is the number of -v options, or -1 with -q. With hold, errors are kept for the report
 * and not printed (a monitoring plugin has only stdout).
 */
void diag_setup(int verbosity, bool hold);
/* Stops holding errors back: later ones are printed; with say, so is the first held one. */
void diag_release(bool say);

/*
 * Whether the descriptor is connected to the journal, which reads a priority "<N>"
 * at the start of each line.
 */
bool diag_journal(int fd);

/*
 * From now on, standard error is written to as ready_write() does: what it does not take at once
 * is lost, and how much that was is reported once it takes something again.
 */
void diag_never_wait(void);

/* Reports an error; the program will exit with status 3. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for an error in the configuration: "FILE:LINE: message". */
void diag_error_at(const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reports something that the operator should know but that is not a failure. */
void diag_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same about a line of the configuration. */
void diag_warning_at(const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * From diag_sort_begin() to diag_sort_end(), errors and warnings are kept, since a
 * configuration is read in several passes. Then they are printed in the order of their files in
 * the list, and of their lines; those without a file are last.
 */
void diag_sort_begin(void);
void diag_sort_end(const struct strings *files);

/* Reports a step of the work; shown with at least level -v options. */
void diag_step(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * On a terminal, unless the run is quiet: prints once for each what, a constant, that the
 * program waits for it, and for how many milliseconds at most.
 */
void diag_wait(const char *what, unsigned int ms);

/*
 * While it is on, an error equal to the first one is not reported again: what fails for want of
 * memory also fails at the second try.
 */
void diag_once(bool once);

/*
 * While it is on, no error or warning is printed twice: the same one comes each time that a watch
 * tries again. diag_all_new() forgets what was printed.
 */
void diag_only_new(bool only_new);
void diag_all_new(void);

/* The first error so far, or NULL (owned here); and the number of errors. */
const char *diag_first_error(void);
unsigned int diag_error_count(void);
/* Whether one of them is about a line of the configuration: diag_error_at(). */
bool diag_error_in_file(void);

/*
 * Takes back the errors so far, which have been printed, since the program can do
 * without what failed.
 */
void diag_forget(void);

void diag_cleanup(void);

#endif
