/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_DIRECT_H
#define DOCKFW_CHECK_DIRECT_H

#include "finding.h"
#include "links.h"
#include "netinfo.h"
#include "policy.h"

/*
 * Bridges of Docker's that are themselves the way outside. What one of their ports passes to
 * another is not refused by direct = "refuse": it would part the containers from each other.
 * Pure. The policy is that of closing_policy().
 */

/* Whether check_direct() needs the network: no name in the policy says what is outside. */
bool direct_needs_net(const struct policy *policy);

/*
 * Adds a finding for each such bridge. links has the names in outside; net may be NULL if
 * direct_needs_net() is false.
 */
void check_direct(const struct policy *policy, const struct links *links,
		  const struct netinfo *net, struct findings *findings);

#endif
