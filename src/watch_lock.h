/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_LOCK_H
#define DOCKFW_WATCH_LOCK_H

#include <stdbool.h>

/*
 * The lock of the watch, a file in the state folder: two watches would repair each other's
 * repairs. Makes the folder if it is missing. Returns a descriptor that holds the lock until
 * it is closed, or -1 after reporting why not, with the PID of who has it. A watch may only report,
 * and during a --try none may run.
 */
enum watch_use { WATCH_REPAIRS, WATCH_REPORTS, WATCH_TRIAL };
int watch_lock(const char *state_folder, enum watch_use use);
/* Writes into the lock of a --try that this process undoes it, and may need long for that. */
void watch_lock_undoing(int fd);

/*
 * Whether a watch that repairs runs with that state folder (or a --try, which takes the same lock),
 * which would put back at once what is removed, and owns the guard; reported as an error, with its
 * PID. what is what it would put back, how is how to stop it: "what is removed",
 * ": systemctl stop".
 */
bool watch_runs(const char *state_folder, const char *what, const char *how);

/*
 * Whether a --try with that state folder waits, or is being undone; a warning then says that the
 * configuration is not stored.
 */
bool watch_lock_of_trial(const char *state_folder);

#endif
