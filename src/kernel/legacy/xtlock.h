/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XTLOCK_H
#define DOCKFW_XTLOCK_H

/*
 * The lock that iptables-legacy takes around its work: flock() of the file that
 * XTABLES_LOCKFILE names, else of /run/xtables.lock. iptables waits for it, so
 * it is held as briefly as can be.
 *
 * Waits until the time limit (deadline.h). Returns the descriptor, which
 * xtlock_release() closes; -1, said, where the lock cannot be had.
 */
int xtlock_take(void);
void xtlock_release(int fd); /* -1 is fine */

#endif
