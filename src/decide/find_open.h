/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FIND_OPEN_H
#define DOCKFW_FIND_OPEN_H

#include "finding.h"
#include "open_port.h"
#include "policy.h"
#include "world.h"

/*
 * Follows packets to the published ports of these families (bits 1U << FAMILY_…) and fills
 * in what is open. The policy is as state_policy() has it, the world has all chains, and the
 * findings are those about it. Only what the configuration certainly refuses counts: by rules
 * of DOCKER-USER, or by the guard for the host's own firewall. Takes at most two slices of
 * OPEN_PORTS_MS. The caller clears open.
 */
void open_ports_find(const struct policy *policy, const struct world *world,
		     unsigned int families, const struct findings *findings,
		     struct open_ports *open);

#endif
