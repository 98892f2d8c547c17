/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_ONLY_H
#define DOCKFW_GUARD_ONLY_H

#include "policy.h"
#include "ruleset.h"

/*
 * What the guard in the kernel refuses, and a repair from a captured configuration would take
 * out: what is left to the host's own firewall, and what is refused at docker-proxy. Pure.
 *
 * policy is that configuration; snapshot is as for guard_make(); own has the guard's tables, read
 * whole. Returns a part of a sentence, which the caller frees, or NULL: nothing is lost, or
 * the host has no table of the guard with this program's mark.
 */
char *guard_only(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *own, enum family family);

#endif
