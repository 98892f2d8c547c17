/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SHRINK_H
#define DOCKFW_SHRINK_H

#include "policy.h"

/*
 * Whether a valid configuration is one that was lost in part: a file that is empty or cut
 * off, a folder that is not mounted. Pure.
 */

/* A configuration: whether it has rules, and its text (flat.h). */
struct whole {
	const char *flat;
	bool has_rules;
	bool is_void; /* config_is_void() */
};

/*
 * Compares a configuration, whose main file has that name, with the last good one, of which
 * is_void does not count. Returns what is missing and how to state that this is meant, as
 * "FILE:LINE: sentence", which the caller frees; NULL: it counts as it is.
 */
char *config_shrunk(const char *file, const struct whole *now, const struct whole *before);

/*
 * Whether it has no rule and does not state that either, as an empty section of DOCKER-USER
 * does.
 */
bool config_is_void(const struct policy *policy);

#endif
