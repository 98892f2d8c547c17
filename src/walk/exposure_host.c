/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_host.h"

#include <string.h>

#include "exposure_run.h"
#include "guard_names.h"
#include "host_firewall.h"
#include "host_world.h"
#include "walk.h"

/* Whether all that get in there, of those who exist, get in to the host. */
static bool is_within(const struct exposure_list *list, const struct exposure *exposure,
		      const struct exposed_way *way, const struct host_way *host)
{
	struct addrset rest = { 0 };
	bool within;

	addrset_copy(&rest, way->open);
	addrset_unite(&rest, way->maybe);
	addrset_subtract(&rest, &host->in);
	addrset_subtract(&rest, &list->nobody[exposure->family]);
	within = !rest.n;
	addrset_clear(&rest);
	return within;
}

static bool by_guard(const struct decider *by)
{
	return by->table && !strcmp(by->table, GUARD_TABLE);
}

/*
 * Whether the host's own firewall is why some get in and others do not. Where nobody gets in
 * though it lets some in, something else is.
 */
static bool is_why(const struct exposure_list *list, const struct exposure *exposure,
		   const struct exposed_way *way, const struct host_way *host)
{
	struct addrset in = { 0 };
	bool why;

	if (way->open->n || way->maybe->n)
		return by_guard(&way->closed_by) || by_guard(&way->open_by) ||
		       is_within(list, exposure, way, host);
	addrset_copy(&in, &host->in);
	addrset_subtract(&in, &list->nobody[exposure->family]);
	why = !in.n && by_guard(&way->closed_by);
	addrset_clear(&in);
	return why;
}

static void look_at_way(struct walker *walker, const struct exposure_list *list,
			const struct exposure *exposure, addr_t to, struct exposed_way *way)
{
	struct host_way host;
	struct packet packet;

	packet_init(&packet, exposure->family, way->ifs[0], exposure->proto, to, exposure->port.lo);
	packet.dport = packet.orig_dport = exposure->port;
	host_way_find(walker, &packet, &host);
	if (is_why(list, exposure, way, &host)) {
		way->has_host = host.has_doubt || host.has_open_by || host.has_closed_by;
		if (host.has_doubt)
			way->host_by = host.doubt;
		else
			way->host_by = host.in.n ? host.open_by : host.closed_by;
	}
	way->allowed |= is_within(list, exposure, way, &host);
	host_way_clear(&host);
}

static addr_t host_of(const struct world *world, const struct exposure *exposure)
{
	struct own_addresses own;
	addr_t host = 0;

	if (exposure->nhosts)
		return exposure->hosts[0].lo;
	own_addresses_find(world->info, exposure->family, &own);
	if (own.n)
		host = own.v[0].lo;
	own_addresses_clear(&own);
	return host;
}

void exposure_host(const struct policy *policy, const struct world *world,
		   struct exposure_list *list)
{
	struct walker walkers[FAMILY_COUNT];
	struct host_world host;

	if (!policy_follows_host(policy))
		return;
	host_world_make(&host, world);
	for (int family = 0; family < FAMILY_COUNT; family++)
		walker_make(&walkers[family], &host.world, (enum family)family);
	for (size_t i = 0; i < list->n; i++) {
		struct exposure *exposure = &list->v[i];

		if (exposure->answers == ANSWERS_DIRECT || exposure->answers == ANSWERS_PROXY ||
		    !exposure->has_dnat ||
		    !host_firewall_decides(policy, exposure->proto, exposure->port.lo))
			continue;
		for (size_t k = 0; k < exposure->nways; k++)
			look_at_way(&walkers[exposure->family], list, exposure,
				    host_of(world, exposure), &exposure->ways[k]);
		exposure_conclude(exposure, false);
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		walker_clear(&walkers[family]);
	host_world_clear(&host);
}
