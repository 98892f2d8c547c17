/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world_read.h"

#include "check_proxy.h"
#include "guard_names.h"
#include "netinfo_read.h"
#include "other_filters.h"
#include "read_set.h"
#include "sets.h"
#include "snapshot_read.h"

void world_clear(struct read_world *world)
{
	ipsets_clear(&world->sets);
	snapshot_free(world->snapshot);
	snapshot_free(world->guard);
	other_filters_clear(&world->others);
	netinfo_clear(&world->info);
	*world = (struct read_world){ 0 };
}

int world_read(const struct session *session, struct read_world *world)
{
	static const char *const guard[] = { GUARD_TABLE, NULL };
	const struct backend_ops *nft = session->backends[BACKEND_NFT];

	*world = (struct read_world){ 0 };
	if (snapshot_read(session->ops, session->policy, proxy_tables(), select_all,
			  &world->snapshot) ||
	    (session->ops != nft &&
	     snapshot_read(nft, session->policy, guard, select_all, &world->guard)) ||
	    other_filters_read(session->backends, world->snapshot, &world->others) ||
	    netinfo_read(&world->info))
		return -1;
	return sets_read(world->snapshot, world->guard, &world->others, &world->sets);
}
