/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_PROXY_H
#define DOCKFW_CHECK_PROXY_H

#include "finding.h"
#include "policy.h"
#include "proxies.h"

/*
 * Ports that docker-proxy answers for and that no DNAT rule of Docker's covers, by
 * translations_covering(): pure. nat has the nat tables with Docker's chains loaded; filtered has the
 * bit 1U << family of each family in which something filters INPUT, where it
 * is no warning, and with facts a finding of severity ok.
 */
void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, bool facts,
		   struct findings *findings);

#endif
