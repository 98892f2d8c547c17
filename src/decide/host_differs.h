/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_DIFFERS_H
#define DOCKFW_HOST_DIFFERS_H

#include "guard_rules.h"

/*
 * What the guard in the kernel lets in otherwise than the host's own firewall does, by its
 * rules that match on sets: as a sentence, which the caller frees, with ports, an interface
 * and sources. NULL: nothing. open is set to whether it lets in too many, not too few. Pure.
 */
char *host_differs(const struct guard *guard, const struct table *table, bool *open);

#endif
