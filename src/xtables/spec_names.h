/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_NAMES_H
#define DOCKFW_SPEC_NAMES_H

#include "rule.h"

/*
 * No name is looked up from here on: whatever libxtables or an extension asks
 * the resolver for is refused with bad(), which does not return.
 */
void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family));

#endif
