/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_NAMES_H
#define DOCKFW_SPEC_NAMES_H

#include "rule.h"

/*
 * libxtables and its extensions look names up with functions of the C library, which
 * would load modules of nsswitch.conf and ask servers. The definitions here override
 * them: names of services, protocols, users and groups come only from the files in
 * /etc, and host and network names are not looked up.
 */

/*
 * From now on a host or network name is refused with bad(), which does not return.
 */
void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family));

#endif
