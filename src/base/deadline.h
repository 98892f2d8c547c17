/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DEADLINE_H
#define DOCKFW_DEADLINE_H

/*
 * The time limit of the whole run, and what the program is doing, for the message
 * of a timeout. Before deadline_start() there is no limit.
 */
void deadline_start(unsigned int seconds);
/* A string constant such as "reading ip filter". */
void deadline_step(const char *step);
/* Milliseconds left, 0 when none are. */
unsigned int deadline_left(void);
/* The same as poll() takes it: at most step milliseconds. */
int deadline_poll(unsigned int step);
/*
 * Returns 0 while there is time; otherwise reports at which step it ran out, once,
 * and returns -1. Called wherever the program waits or repeats.
 */
int deadline_check(void);

#endif
