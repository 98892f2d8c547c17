/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_OPENINGS_H
#define DOCKFW_HOST_OPENINGS_H

#include "finding.h"
#include "ipset.h"
#include "netinfo.h"
#include "openings.h"
#include "other_filter.h"
#include "policy.h"

/*
 * Whom the host's own firewall lets in to published ports (walk/host_firewall.h), for a
 * check and a repair. Pure, except that it looks at the time limit.
 */

struct host_openings;

struct host_facts {
	const struct snapshot *snapshot; /* with all chains of the proxy_tables() */
	const struct snapshot *guard;    /* with the guard's; NULL: the above has them */
	const struct other_filters *others;
	const struct netinfo *info;
	const struct ipsets *sets;
};

/*
 * Returns what is let in, for the caller to free, or NULL after reporting that the time is
 * over. It borrows from the facts.
 */
struct host_openings *host_openings(const struct policy *policy, const struct host_facts *facts);
const struct openings *host_openings_of(const struct host_openings *host);
void host_openings_free(struct host_openings *host); /* NULL is fine */

/*
 * Adds a finding for each rule of the host's firewall that could not be decided, and for each
 * family in which there is none.
 */
void check_host_openings(const struct policy *policy, const struct host_openings *host,
			 struct findings *findings);

/* "80/tcp, 8000-8010/tcp and 3 more". The caller frees it, and the next one. */
char *host_ports_text(const struct addrset *ports, uint8_t proto);
struct decider;
/* What decided, as a part of a sentence. */
char *host_decider_text(const struct decider *by);

#endif
