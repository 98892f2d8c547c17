/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_PROXY_H
#define DOCKFW_CHECK_PROXY_H

#include "dockerd.h"
#include "finding.h"
#include "netinfo.h"
#include "other_filter.h"
#include "policy.h"
#include "proxies.h"

/*
 * Which ports docker-proxy itself answers, past DOCKER-USER, for whom the configuration
 * does not let in. Pure, except that it checks the time limit.
 */

struct proxy_facts {
	const struct snapshot *snapshot; /* with all chains of the proxy_tables() */
	const struct snapshot *guard;    /* with all of the guard's; NULL: the above has them */
	const struct other_filters *others;
	const struct netinfo *info;
	const struct ipsets *sets;
	const struct proxies *proxies;
	const struct dockerd *dockerd;
	unsigned int nftables; /* families in which Docker has its own nf_tables table, as bits */
};

/* The names of the tables, ending with NULL; constants. */
const char *const *proxy_tables(void);

/*
 * Follows packets to each listener, as --exposure does, and adds the findings: critical
 * where a source gets in that a publish section, or a rule with that port of the host, refuses;
 * warning where it is another rule that refuses it, where the port is not limited and
 * open to the world, and where the walk cannot decide. With verbose, what INPUT keeps
 * closed is a finding of severity ok.
 *
 * A finding about a missing guard becomes critical if it leaves such a port open, since
 * DOCKER-USER never sees its packets. Returns 0, or -1 after reporting that the time is
 * over.
 */
int check_proxies(const struct policy *policy, const struct proxy_facts *facts, bool verbose,
		  struct findings *findings);

#endif
