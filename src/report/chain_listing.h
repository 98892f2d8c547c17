/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_LISTING_H
#define DOCKFW_CHAIN_LISTING_H

#include <stdio.h>

#include "report.h"

/*
 * Prints FORWARD, DOCKER-USER and the other held chains as numbered rules, with what a
 * repair deletes (-) and inserts (+), and the guard's chains that it changes. Chains with
 * nothing to show are left out unless all is set. Returns 0, or -1 after reporting why
 * rules could not be printed.
 */
int chain_listing(FILE *out, const struct report *report, bool all);
/* Does the same for every chain of filter and of the guard that the edits change. */
int chain_listing_changes(FILE *out, const struct report *report);

#endif
