/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_LOCK_H
#define DOCKFW_WATCH_LOCK_H

#include <stdbool.h>

/*
 * The lock of the watch, a file in the state folder: two watches would repair each other's
 * repairs. Makes the folder if it is missing. Returns a descriptor that holds the lock until
 * it is closed, or -1 after reporting why not, with the PID of who has it. trial: it is for a
 * --try, during which no watch may run.
 */
int watch_lock(const char *state_folder, bool trial);

/*
 * Whether a watch with that state folder runs (or a --try, which takes the same lock), which
 * would put back at once what is removed, and owns the guard; reported as an error, with its
 * PID. what is what it would put back, how is how to stop it: "what is removed",
 * ": systemctl stop".
 */
bool watch_runs(const char *state_folder, const char *what, const char *how);

#endif
