/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_PROXY_H
#define DOCKFW_CHECK_PROXY_H

#include "finding.h"
#include "policy.h"
#include "proxies.h"

/*
 * Reports the ports that docker-proxy answers for and that no DNAT rule of Docker's
 * covers (translations_covering()). Pure. nat has the nat tables with Docker's chains
 * loaded. filtered has the bit 1U << family of each family in which INPUT is filtered;
 * there it is not a warning, but a finding of severity ok if facts is set.
 *
 * guarded has the bit of each family whose guard is right. There the ports that the
 * configuration decides on are not reported. Elsewhere such a port makes a finding
 * about the guard critical, since DOCKER-USER never sees its packets.
 */
void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, unsigned int guarded,
		   bool facts, struct findings *findings);

#endif
