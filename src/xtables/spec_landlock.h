/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_LANDLOCK_H
#define DOCKFW_SPEC_LANDLOCK_H

/*
 * From now on this process reads only libraries and the files with names that extensions
 * read, opens no TCP connection, and sends no signal to others, as far as the kernel's
 * Landlock can forbid it. Needs no_new_privs. Returns 0, or -1 with errno: ENOSYS,
 * EOPNOTSUPP or EPERM if the kernel has no Landlock or its use is forbidden.
 */
int spec_landlock(void);

#endif
