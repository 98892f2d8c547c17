/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WORLD_H
#define DOCKFW_WORLD_H

#include "ipset.h"
#include "netinfo.h"
#include "other_filter.h"
#include "proxies.h"
#include "ruleset.h"

/* Everything that a packet meets on its way, as it was read. All of it is borrowed. */
struct world {
	const struct snapshot *snapshot; /* with all chains of the walk_tables */
	const struct other_filters *others; /* NULL: none */
	const struct netinfo *info;
	const struct proxies *proxies; /* NULL: none */
	const struct ipsets *sets; /* NULL: what is in them is not known */
	/*
	 * Another snapshot, with all chains of the guard's table; NULL if the first one has
	 * them. On a host with ip_tables, the guard is in nf_tables.
	 */
	const struct snapshot *guard;
};

#endif
