/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WAYS_H
#define DOCKFW_WAYS_H

#include "rule.h"

/*
 * Which interfaces a packet can have come in by and go out by when it has met the conditions of
 * several rules, one after the other. Pure. All zeroes: any.
 */
struct ways {
	/* The narrowest -i and -o so far, and the first ! -i and ! -o; borrowed; NULL: none. */
	const struct interface *in, *out, *not_in, *not_out;
};

/*
 * Adds the conditions of a rule, whose interfaces are borrowed. Returns false if no packet can
 * meet them and those before.
 */
bool ways_narrow(struct ways *ways, const struct rule *rule);
bool ways_same(const struct ways *a, const struct ways *b);

/* Whether some name matches both, neither of them inverted. */
bool interfaces_overlap(const struct interface *a, const struct interface *b);

#endif
