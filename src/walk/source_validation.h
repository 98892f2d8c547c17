/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SOURCE_VALIDATION_H
#define DOCKFW_SOURCE_VALIDATION_H

#include "route_path.h"

/* From which sources packets come in at an interface, each answer found once. Pure. */

struct valid_sources {
	const struct netif *in;
	struct route_query back; /* with all that no rule of policy routing asks for left out */
	struct addrset possible;        /* route_sources() */
	struct addrset valid, doubtful; /* of those, what route_way_back() says */
};

struct source_validation {
	struct valid_sources *v; /* owned */
	size_t n, next;
};

/*
 * back as for route_way_back(). What it gives lives until the next call. The
 * validation begins as all zeroes, and is for one info.
 */
const struct valid_sources *source_validation_find(struct source_validation *validation,
						   const struct netinfo *info,
						   const struct netif *in,
						   const struct route_query *back);
/* The same before anything is known of where the packet goes. */
const struct valid_sources *source_validation_guess(struct source_validation *validation,
						    const struct netinfo *info,
						    const struct netif *in, enum family family);
void source_validation_clear(struct source_validation *validation);

#endif
