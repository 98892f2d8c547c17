/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_BRIDGE_H
#define DOCKFW_RULE_BRIDGE_H

#include "netinfo.h"
#include "policy.h"

/* Rules whose addresses are of one bridge, such as two containers of a network. Pure. */

/* Whether a rule has the addresses for that, so that the routes decide. */
bool policy_has_both_ends(const struct policy *policy);
/*
 * The bridge to whose network both ends of the rule belong, its source or -i and its
 * destination; NULL: there is none. The interface is the netinfo's.
 */
const struct netif *rule_bridge(const struct netinfo *info, const struct rule *rule);

#endif
