/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WALK_H
#define DOCKFW_WALK_H

#include "flow.h"

/*
 * Follows a new connection's first packet, or a set of them that differ in
 * their source, through the kernel's tables: raw, mangle and nat PREROUTING,
 * the routing, then FORWARD or INPUT. Pure.
 *
 * Where a rule may or may not match, the packet goes both ways. So what ends
 * in one way alone is certain, and what ends in more is a maybe.
 */

/* The tables that a walk needs of each family, with all their chains; ends with NULL. */
extern const char *const walk_tables[];

/* Borrows what the world holds, but for its proxies, which no walk needs. */
void walker_make(struct walker *walker, const struct world *world, enum family family);
void walker_clear(struct walker *walker);

/*
 * Fills fate in, which the caller clears. With steps, each is recorded.
 * sources must not be empty.
 */
void walk_packet(struct walker *walker, const struct packet *packet,
		 const struct addrset *sources, struct steps *steps, struct fate *fate);

#endif
