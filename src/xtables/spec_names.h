/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_NAMES_H
#define DOCKFW_SPEC_NAMES_H

#include "rule.h"

/*
 * Forbids all name lookups from now on: any query of libxtables or an extension
 * to the resolver is refused with bad(), which does not return.
 */
void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family));

#endif
