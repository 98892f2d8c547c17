/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EQUIVALENCE_H
#define DOCKFW_EQUIVALENCE_H

#include "chain_index.h"
#include "source_validation.h"

/*
 * Groups the interfaces that lead outside, and the host's own addresses, such that no
 * rule distinguishes the members of a group: only one of each group needs a walk. Pure.
 */

struct if_class {
	const struct netif **v; /* owned */
	size_t n, room;
	struct addrset sources; /* from which packets may come in there */
	uint64_t signature;
};

struct host_class {
	struct addrrange *v; /* owned; a prefix of more than one address is a class of its own */
	size_t n, room;
	uint64_t signature;
};

struct equivalence {
	struct if_class *classes; /* owned */
	size_t nclasses, room;
	struct host_class *hosts; /* owned */
	size_t nhosts, hosts_room;
};

/*
 * Every interface leads outside except loopback, a VRF itself, the ports of another
 * interface, and those of the named bridges that do not (netinfo_leads_outside()). If
 * none is left, the bridges count as well, and if bridges is NULL.
 */
void equivalence_make(struct equivalence *equivalence, const struct chain_index *index,
		      struct source_validation *validation, const struct strings *bridges);
void equivalence_clear(struct equivalence *equivalence);

#endif
