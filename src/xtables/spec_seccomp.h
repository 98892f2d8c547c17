/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_SECCOMP_H
#define DOCKFW_SPEC_SECCOMP_H

#include <stdbool.h>

/*
 * From now on this process makes only the system calls that libxtables and its
 * extensions need; any other fails with EPERM. With sets it may also ask the kernel
 * for the names and numbers of IP sets. Needs no_new_privs. Returns 0, or -1 with
 * errno: ENOSYS, EOPNOTSUPP or EINVAL if the kernel has no filters.
 */
int spec_seccomp(bool sets);

#endif
