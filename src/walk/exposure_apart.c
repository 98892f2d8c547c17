/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_apart.h"

#include "exposure_judge.h"
#include "match_set.h"

/* The set in doubt if it could not be read, else any that could not; NULL: there is none. */
static const struct ipset *find_unread(const struct ipsets *sets, const struct exposed_way *way)
{
	const struct ipset *set = NULL;

	if (way->has_doubt && way->doubt.rule)
		set = match_set_unknown(way->doubt.rule, sets);
	for (size_t i = 0; sets && i < sets->n && !set; i++)
		if (sets->v[i]->kind == SET_UNKNOWN)
			set = sets->v[i];
	return set;
}

static struct walker *apart_walker(const struct world *from, struct exposure_list *list,
				   enum family family)
{
	struct world world = *from;

	if (!list->has_apart[family]) {
		list->apart_sets = *world.sets;
		list->apart_sets.unknown_empty = true;
		world.sets = &list->apart_sets;
		walker_make(&list->apart[family], &world, family);
		list->has_apart[family] = true;
	}
	return &list->apart[family];
}

void exposure_apart(const struct world *world, struct exposure_list *list,
		    const struct packet *packet, const struct addrset *sources,
		    struct exposed_way *way)
{
	const struct ipset *unread;
	struct exposed_way other = *way;
	struct addrset maybe = { 0 };
	struct fate fate;

	if (!way->maybe->n || addrset_is_world(way->open, packet->family))
		return;
	unread = find_unread(world->sets, way);
	if (!unread)
		return;
	walk_packet(apart_walker(world, list, packet->family), packet, sources, NULL, &fate);
	exposure_judge(world, &list->walkers[packet->family].pool, &fate, &other);
	fate_clear(&fate);
	if (!addrset_is_world(other.open, packet->family))
		return;
	addrset_copy(&maybe, way->maybe);
	addrset_subtract(&maybe, other.open);
	*way = other;
	way->maybe = addrpool_keep(&list->walkers[packet->family].pool, &maybe);
	way->has_doubt &= maybe.n > 0;
	way->unread = unread;
	addrset_clear(&maybe);
}
