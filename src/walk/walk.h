/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WALK_H
#define DOCKFW_WALK_H

#include "flow.h"

/*
 * Follows the first packet of a new connection, or a set of them that differ in
 * their source, through the kernel's tables: raw, mangle and nat PREROUTING,
 * routing, then FORWARD or INPUT; or later packets (packet_establish()). Pure.
 *
 * If a rule may or may not match, the packet goes both ways. So a packet with only one
 * possible end is certain, and one with several is a maybe. If the time limit passes, or
 * the walk would take too much memory, every end is possible.
 */

/* The tables that a walk needs for each family, with all their chains; ends with NULL. */
extern const char *const walk_tables[];

/* Borrows what the world holds, except its proxies, which no walk needs. */
void walker_make(struct walker *walker, const struct world *world, enum family family);
void walker_clear(struct walker *walker);

/*
 * Fills in fate, which the caller clears. Records each step unless steps is NULL.
 * sources must not be empty.
 */
void walk_packet(struct walker *walker, const struct packet *packet,
		 const struct addrset *sources, struct steps *steps, struct fate *fate);

/*
 * The same for a listener of the host on that port, if nothing on the way takes the packet
 * elsewhere: it is in fate->local if it gets there. What happens before the table nat is
 * done to the packet itself, whoever gets it, so whoever is dropped there has no end here.
 * packet->dst may be a range with to_host. Neither routes nor the reverse path filter are
 * looked at.
 */
void walk_to_host(struct walker *walker, const struct packet *packet,
		  const struct addrset *sources, struct steps *steps, struct fate *fate);

#endif
