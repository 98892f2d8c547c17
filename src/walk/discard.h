/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DISCARD_H
#define DOCKFW_DISCARD_H

#include "flow.h"
#include "route_path.h"

/*
 * Packets that routing discards for their addresses, whatever the rules. Each function removes
 * their sources from the flow, of which nothing may be left, and adds them to fate->lost. Pure.
 */

/* Adds the whole flow, which stays as it is. reason is borrowed. */
void discard(struct walk *walk, struct fate *fate, const struct flow *flow, const char *reason);

/* Removes packets for the loopback address that come from outside; in may be NULL. */
void discard_martian(struct walk *walk, struct flow *flow, const struct netif *in,
		     struct fate *fate);
/*
 * Removes what the kernel discards just for its addresses. Returns false if nothing is
 * left of the flow, which is then cleared.
 */
bool discard_at_entry(struct walk *walk, struct flow *flow, struct fate *fate);
/* Removes what the reverse path filter discards. path: where the flow is routed to. */
void discard_without_way_back(struct walk *walk, struct flow *flow, const struct route_path *path,
			      struct fate *fate);
/*
 * Removes what IPv6 does not forward: packets whose source is not valid beyond the link. in:
 * the interface by which the flow comes in, or NULL.
 */
void discard_link_local(struct walk *walk, struct flow *flow, const struct netif *in,
			struct fate *fate);

#endif
