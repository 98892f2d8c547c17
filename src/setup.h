/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SETUP_H
#define DOCKFW_SETUP_H

#include <signal.h>
#include <stdbool.h>

/*
 * What the process takes over from the one that started it: streams, signals, timers
 * and resource limits. Whatever they are, the exit status is 0 to 3 and the reason is
 * one line. (That begins with main(): with a limit so low that the program cannot be
 * loaded, the status is the loader's.)
 *
 * - Closed streams become /dev/null.
 * - Soft limits are raised as far as the hard ones permit, never beyond: those are meant.
 * - Timers are cleared, since their signals would end the process. No signal is blocked but
 *   those of setup_stop_signals(), until it is known whether the mode takes them itself; and
 *   SIGCHLD is not ignored, so that children can be waited for.
 * - A fault, and shortly before it is used up, the limit of CPU time, end in status 3.
 * - SIGTERM ends the run with status 1, which the units take for a success: nothing is
 *   half-written then, since each write is one system call.
 * - SIGINT, SIGHUP and SIGQUIT keep the action they had. Others are ignored.
 *
 * Returns 0, or -1 after reporting why not.
 */
int setup_process(void);

/* SIGTERM, SIGINT and SIGHUP. A watch takes them in its loop, also one that came before. */
void setup_stop_signals(sigset_t *set);
/* Every other mode lets them have their effect from here on. */
void setup_release_signals(void);

/* A child that is the program as much as its parent: its ends have their messages as well. */
void setup_child(void);

/* A monitoring plugin also gets the reason on standard output. */
void setup_nagios(bool nagios);

#endif
