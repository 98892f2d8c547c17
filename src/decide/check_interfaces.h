/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_INTERFACES_H
#define DOCKFW_CHECK_INTERFACES_H

#include "finding.h"
#include "policy.h"

/* Which configured interfaces this host does not have. Pure. */

struct missing_interface {
	/* Of the policy; "eth+" is all interfaces with that beginning. */
	const char *name, *file;
	unsigned int line;
	size_t number; /* in the order of the policy */
	bool in_rule;  /* it is that of -i or -o in a rule */
};

struct missing_interfaces {
	struct missing_interface *v; /* owned */
	size_t n, room;
};

/* Whether the policy names an interface at all; if not, no list of them is needed. */
bool interfaces_named(const struct policy *policy);
/*
 * Fills in missing, which the caller clears: each name that a setting or a rule has and that
 * none of present matches, once, with the first place that has it.
 */
void interfaces_missing(const struct policy *policy, const struct strings *present,
			struct missing_interfaces *missing);
void missing_interfaces_clear(struct missing_interfaces *missing);
/* "this host has no interface 'ens4'", which the caller frees. */
char *missing_interface_text(const struct missing_interface *missing);
/* What to write in place of a name with a comma, from a "; " on; "" for other names. */
const char *missing_interface_hint(const struct missing_interface *missing);

/* Adds a finding for each of them. */
void check_interfaces(const struct policy *policy, const struct strings *present,
		      struct findings *findings);

#endif
