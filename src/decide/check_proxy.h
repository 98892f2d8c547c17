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
 */
void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, bool facts,
		   struct findings *findings);

#endif
