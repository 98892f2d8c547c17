/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_allowed.h"

#include "exposure_run.h"
#include "host_filtered.h"
#include "host_firewall.h"
#include "host_world.h"
#include "wanted_fate.h"

/* Whether the configuration lets in all of them, who come in on that interface. */
static bool lets_in(const struct policy *policy, const struct world *world,
		    const struct exposure *exposure, const struct netif *from,
		    const struct addrset *sources)
{
	struct addrset rest = { 0 };
	struct wanted_fate fate;
	struct packet packet;
	bool lets;

	wanted_packet(world->info, exposure, from, &packet);
	wanted_fate(policy, &packet, world->info, sources, sources, &fate);
	addrset_copy(&rest, sources);
	addrset_subtract(&rest, &fate.let_port);
	lets = !fate.refused.n && !addrset_is_world(&rest, exposure->family);
	addrset_clear(&rest);
	wanted_fate_clear(&fate);
	return lets;
}

static void look_at_way(const struct policy *policy, const struct world *world,
			const struct exposure_list *list, const struct exposure *exposure,
			struct exposed_way *way)
{
	struct addrset sources = { 0 };
	bool allowed = way->to_proxy && !way->to_container;

	addrset_copy(&sources, way->open);
	addrset_unite(&sources, way->maybe);
	/* Addresses that nobody outside has; a neighbour can have a link-local one. */
	if (!exposure->nearby)
		addrset_subtract(&sources, &list->nobody[exposure->family]);
	for (size_t i = 0; i < way->nifs && allowed; i++)
		allowed = lets_in(policy, world, exposure, way->ifs[i], &sources);
	way->allowed |= allowed;
	addrset_clear(&sources);
}

void proxy_allow(const struct policy *policy, const struct world *world,
		 struct exposure_list *list)
{
	struct policy filtered = *policy;
	struct openings none = { 0 };
	struct host_world host;

	if (!policy_follows_host(policy))
		return;
	/* Whom INPUT lets in is known: nobody else comes to docker-proxy. */
	filtered.openings = &none;
	host_world_make(&host, world);
	for (size_t i = 0; i < list->n; i++) {
		struct exposure *exposure = &list->v[i];

		if (exposure->answers == ANSWERS_DIRECT ||
		    !host_firewall_decides(policy, exposure->proto, exposure->port.lo) ||
		    !host_is_filtered(&host.world, exposure->family))
			continue;
		for (size_t k = 0; k < exposure->nways; k++)
			look_at_way(&filtered, world, list, exposure, &exposure->ways[k]);
		exposure_conclude(exposure, false);
	}
	host_world_clear(&host);
}
