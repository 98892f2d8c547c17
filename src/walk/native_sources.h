/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NATIVE_SOURCES_H
#define DOCKFW_NATIVE_SOURCES_H

#include "netinfo.h"
#include "other_filter.h"
#include "packet.h"

/* The conditions of rules of nf_tables that depend on the source of a packet. Pure. */

/* The sources that are surely routed back through an interface, and those that surely are not. */
struct way_back {
	const struct netif *in;
	struct addrset valid, lost;
};

/* What the conditions need to know of the host, and what was found of it for earlier packets. */
struct native_host {
	const struct netinfo *info; /* borrowed */
	bool in_bridges;            /* as in struct other_filters */
	struct way_back *ways;      /* owned */
	size_t nways;
};

/* Borrows info. others may be NULL, and is not kept. The caller clears host. */
void native_host_make(struct native_host *host, const struct netinfo *info,
		      const struct other_filters *others);
void native_host_clear(struct native_host *host);

/* Sources for which a test holds, and those for which it may hold. Both are owned. */
struct native_split {
	struct addrset sure, possible; /* the second one has the first */
};

/* Whether the field depends on the source, and whether it is the source's address. */
bool native_is_source(enum other_field field);
bool native_is_address(enum other_field field);

/* Fills an empty set with the addresses of a test with one key, which is an address. */
void native_test_sources(const struct other_test *test, enum family family, struct addrset *set);
/* Fills an empty split for a test with one key, which depends on the source. */
void native_split_field(struct native_host *host, const struct other_test *test,
			const struct packet *packet, struct native_split *split);

/* Whether all addresses of the range are the host's own: 1, none: -1, else 0. */
int native_range_is_local(const struct netinfo *info, enum family family, struct addrrange range);

#endif
