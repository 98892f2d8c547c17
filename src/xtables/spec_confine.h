/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_CONFINE_H
#define DOCKFW_SPEC_CONFINE_H

#include <stdbool.h>

/* What the child keeps. */
struct confinement {
	unsigned int descriptors; /* those below this number; the others are closed */
	unsigned int seconds;     /* of processor time */
	bool sets;                /* may ask the kernel for IP sets, which needs two capabilities */
};

/*
 * Confines this process, a child that will load extensions and that execs nothing, as
 * far as the kernel and the caller's own sandbox permit: no privileges, environment or
 * descriptors of the parent, no way to gain any, and no way to change or harm anything.
 * The death of the parent still kills it, but the caller must check that it still lives.
 * Returns which parts are not available here, for a message that starts with "without"
 * (owned by the caller; "" if all are), or NULL with errno if a part failed.
 */
char *spec_confine(const struct confinement *keep);

#endif
