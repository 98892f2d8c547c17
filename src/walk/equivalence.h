/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EQUIVALENCE_H
#define DOCKFW_EQUIVALENCE_H

#include "chain_index.h"
#include "source_validation.h"

/*
 * The interfaces that lead outside, and the host's own addresses, each in groups
 * that no rule distinguishes: of each group one has to be walked. Pure.
 */

struct if_class {
	const struct netif **v; /* owned */
	size_t n, room;
	struct addrset sources; /* that may come in there */
	uint64_t signature;
};

struct host_class {
	addr_t *v; /* owned */
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
 * Outside is every interface but loopback, those in bridges, which are ports of
 * another one or Docker's own.
 */
void equivalence_make(struct equivalence *equivalence, const struct chain_index *index,
		      struct source_validation *validation, const struct strings *bridges);
void equivalence_clear(struct equivalence *equivalence);

#endif
