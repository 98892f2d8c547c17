/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DEADLINE_H
#define DOCKFW_DEADLINE_H

#include <stdbool.h>

/*
 * The time limit of the whole run, and the current step for the timeout message.
 * There is no limit before deadline_start().
 */
void deadline_start(unsigned int seconds);
/* Sets the current step: a string constant such as "reading ip filter". */
void deadline_step(const char *step);
/* Returns the milliseconds left, 0 once the limit is reached. */
unsigned int deadline_left(void);
/* The same, capped at step milliseconds, as a timeout for poll(). */
int deadline_poll(unsigned int step);
/*
 * Returns 0 while time is left. Otherwise returns -1, and the first time, or after
 * diag_forget(), reports the step that ran out of time. Called wherever the program waits or repeats.
 */
int deadline_check(void);
/* Whoever has reported in other words that the time is over: deadline_check() does not repeat it. */
void deadline_told(void);

/*
 * Begins a part of the run that may stay incomplete. Until deadline_slice_end(), the limit is
 * that many milliseconds away, but never more than half of the time that is left, and
 * deadline_check() does not report that it is reached. Slices are not nested.
 */
void deadline_slice(unsigned int ms);
/* Returns whether its time was over. */
bool deadline_slice_end(void);

#endif
