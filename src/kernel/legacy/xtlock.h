/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XTLOCK_H
#define DOCKFW_XTLOCK_H

#include <stdbool.h>

/*
 * The lock that iptables-legacy takes around its work: flock() of the file that
 * XTABLES_LOCKFILE names, or else of /run/xtables.lock. iptables waits for it,
 * so hold it as briefly as possible. It must be a regular file of root's or of the
 * user's, or not exist yet, and nobody else may change what its path leads to
 * (TRUST_WAY): the variable may come from anyone, and a wrong lock is no lock.
 *
 * Waits until the time limit (deadline.h). Returns the descriptor, which
 * xtlock_release() closes, or -1 after reporting why there is no lock.
 */
int xtlock_take(void);
void xtlock_release(int fd); /* -1 is fine */

/* Whether another program holds it now; false as well if that cannot be told. */
bool xtlock_is_taken(void);

#endif
