/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SOURCE_VALIDATION_H
#define DOCKFW_SOURCE_VALIDATION_H

#include "route_path.h"

/* From which sources packets come in at an interface, each answer found once. Pure. */

struct origin {
	const struct netif *in;
	struct route_query back; /* with all that no rule of policy routing asks for left out */
	struct addrset possible;        /* route_sources() */
	struct addrset valid, doubtful; /* of those, what route_way_back() says */
};

struct origins {
	struct origin *v; /* owned */
	size_t n, next;
};

/*
 * back as for route_way_back(). What it gives lives until the next call. The
 * origins begin as all zeroes, and are for one info.
 */
const struct origin *origins_find(struct origins *origins, const struct netinfo *info,
				  const struct netif *in, const struct route_query *back);
/* The same before anything is known of where the packet goes. */
const struct origin *origins_guess(struct origins *origins, const struct netinfo *info,
				   const struct netif *in, enum family family);
void origins_clear(struct origins *origins);

#endif
