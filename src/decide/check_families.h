/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_FAMILIES_H
#define DOCKFW_CHECK_FAMILIES_H

#include "finding.h"
#include "policy.h"
#include "proxies.h"

/* Families that the configuration leaves out. Pure. */

/*
 * Adds a warning for each family that the setting families leaves out although Docker has
 * chains there, or the host forwards to one of its bridges (policy->docker).
 */
void check_families(const struct policy *policy, struct findings *findings);
/* Adds a warning for what a repair has put there, before the family was left out. */
void check_left_families(const struct policy *policy, struct findings *findings);
/* The same as check_families() for IPv6 if docker-proxy listens there, unless there is a warning already. */
void check_proxied_families(const struct policy *policy, const struct proxies *proxies,
			    struct findings *findings);

#endif
