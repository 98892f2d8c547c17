/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SOURCE_VALIDATION_H
#define DOCKFW_SOURCE_VALIDATION_H

#include "route_path.h"

/* The sources from which packets may come in on an interface; answers are kept. Pure. */

struct valid_sources {
	const struct netif *in;
	struct route_query back; /* without what no rule of policy routing matches on */
	struct addrset possible;        /* route_sources() */
	struct addrset valid, doubtful; /* of those, the sets of route_way_back() */
};

struct source_validation {
	struct valid_sources *v; /* owned */
	size_t n, next;
};

/*
 * back as for route_way_back(). The result is valid until the next call. A validation
 * starts out zeroed and belongs to one info.
 */
const struct valid_sources *source_validation_find(struct source_validation *validation,
						   const struct netinfo *info,
						   const struct netif *in,
						   const struct route_query *back);
/* The same, as long as nothing is known about where the packet goes. */
const struct valid_sources *source_validation_guess(struct source_validation *validation,
						    const struct netinfo *info,
						    const struct netif *in, enum family family);
void source_validation_clear(struct source_validation *validation);

#endif
