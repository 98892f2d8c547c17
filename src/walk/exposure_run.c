/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_run.h"

#include <stdlib.h>
#include <string.h>

#include "exposure_apart.h"
#include "exposure_invalid.h"
#include "exposure_judge.h"

/*
 * Whether a list of interfaces, as -i takes them, has this one or its VRF, as which FORWARD
 * sees it; an empty list has all.
 */
static bool names_interface(const struct netinfo *info, const struct strings *names,
			    const struct netif *iface)
{
	const struct netif *vrf = netinfo_vrf_of(info, iface);
	struct interface pattern;

	for (size_t i = 0; i < names->n; i++)
		if (interface_set(&pattern, names->v[i]) &&
		    (interface_matches(&pattern, false, iface->name) ||
		     (vrf && interface_matches(&pattern, false, vrf->name))))
			return true;
	return !names->n;
}

/* Whether everyone may reach the port from there: the first section about it decides. */
static bool allows_any(const struct compute *compute, struct span port, const struct netif *iface)
{
	for (size_t i = 0; i < compute->nsections; i++) {
		const struct publish_section *section = compute->sections[i];

		if (names_interface(compute->world->info, &section->interfaces, iface))
			return section->any && section->port <= port.lo &&
			       section->last >= port.hi;
	}
	return false;
}

static bool same_decider(bool has_a, const struct decider *a, bool has_b, const struct decider *b)
{
	return has_a == has_b && (!has_a || (a->rule == b->rule && a->native == b->native &&
					     a->chain == b->chain && a->reason == b->reason));
}

static bool same_way(const struct exposed_way *a, const struct exposed_way *b)
{
	return a->open == b->open && a->maybe == b->maybe && a->unread == b->unread &&
	       a->proxied == b->proxied && a->perhaps_proxied == b->perhaps_proxied &&
	       a->to_container == b->to_container && a->to_proxy == b->to_proxy &&
	       a->by_invalid == b->by_invalid &&
	       a->outside == b->outside && a->allowed == b->allowed && a->inner == b->inner &&
	       same_decider(a->has_open_by, &a->open_by, b->has_open_by, &b->open_by) &&
	       same_decider(a->has_closed_by, &a->closed_by, b->has_closed_by, &b->closed_by);
}

/* Adds an interface; it joins a way that fares alike, if there is one. */
static void add_way(struct exposure *exposure, const struct exposed_way *way,
		    const struct netif *iface)
{
	struct exposed_way *same = NULL;

	for (size_t i = 0; i < exposure->nways && !same; i++)
		if (same_way(&exposure->ways[i], way))
			same = &exposure->ways[i];
	if (!same) {
		exposure->ways = xreallocarray(exposure->ways, exposure->nways + 1,
					       sizeof(*exposure->ways));
		same = &exposure->ways[exposure->nways++];
		*same = *way;
	}
	same->ifs = xreallocarray(same->ifs, same->nifs + 1, sizeof(*same->ifs));
	same->ifs[same->nifs++] = iface;
}

void exposure_walk_class(struct compute *compute, const struct docker_port *port,
			 struct addrrange host, const struct if_class *class,
			 const struct netif *only, struct exposure *exposure)
{
	static const struct decider none = {
		.reason = "the reverse path filter (rp_filter) lets no packet in there",
	};
	struct walker *walker = &compute->list->walkers[port->family];
	const struct policy *policy = compute->policy;
	struct exposed_way way = { 0 };
	struct packet packet;
	struct fate fate;

	packet_init(&packet, port->family, only ? only : class->v[0], port->proto, host.lo,
		    port->port.lo);
	packet.dport = packet.orig_dport = port->port;
	packet.dst = packet.orig_dst = host;
	way.possible = addrpool_keep(&walker->pool, &class->sources);
	if (class->sources.n) {
		walk_packet(walker, &packet, &class->sources, NULL, &fate);
		exposure_judge(compute->world, &walker->pool, &fate, &way);
		fate_clear(&fate);
		exposure_apart(compute->world, compute->list, &packet, &class->sources, &way);
		if (port->has_proxy || port->direct)
			exposure_invalid(compute->world, walker, &packet, &class->sources, &way);
	} else {
		way.open = way.maybe = way.proxied = way.perhaps_proxied = way.possible;
		way.closed_by = none;
		way.has_closed_by = true;
	}
	for (size_t k = 0; k < class->n; k++) {
		if (only && class->v[k] != only)
			continue;
		way.outside = !policy || names_interface(compute->world->info, &policy->outside,
							 class->v[k]);
		way.allowed = allows_any(compute, port->direct ? port->published : port->port,
					 class->v[k]);
		way.inner = strings_has(&compute->ports->bridges, class->v[k]->name) &&
			    !netinfo_leads_outside(compute->world->info, class->v[k]);
		add_way(exposure, &way, class->v[k]);
	}
}

void exposure_walk_range(struct compute *compute, const struct docker_port *port,
		       struct addrrange host, struct exposure *exposure)
{
	const struct equivalence *equivalence = &compute->equivalence[port->family];

	for (size_t i = 0; i < equivalence->nclasses; i++)
		exposure_walk_class(compute, port, host, &equivalence->classes[i], NULL, exposure);
}

void exposure_walk_port(struct compute *compute, const struct docker_port *port, addr_t host,
			struct exposure *exposure)
{
	exposure_walk_range(compute, port, (struct addrrange){ host, host }, exposure);
}

static bool same_ways(const struct exposure *a, const struct exposure *b)
{
	if (a->nways != b->nways)
		return false;
	for (size_t i = 0; i < a->nways; i++)
		if (!same_way(&a->ways[i], &b->ways[i]) || a->ways[i].nifs != b->ways[i].nifs ||
		    memcmp(a->ways[i].ifs, b->ways[i].ifs, a->ways[i].nifs * sizeof(*a->ways[i].ifs)))
			return false;
	return true;
}

static const struct exposed_way *way_on(const struct exposure *exposure, const struct netif *iface)
{
	for (size_t i = 0; i < exposure->nways; i++)
		for (size_t k = 0; k < exposure->ways[i].nifs; k++)
			if (exposure->ways[i].ifs[k] == iface)
				return &exposure->ways[i];
	return NULL;
}

bool exposure_same_sources(const struct exposure *a, const struct exposure *b)
{
	for (size_t i = 0; i < a->nways; i++)
		for (size_t k = 0; k < a->ways[i].nifs; k++) {
			const struct exposed_way *other = way_on(b, a->ways[i].ifs[k]);

			if (!other || other->open != a->ways[i].open ||
			    other->maybe != a->ways[i].maybe)
				return false;
		}
	return true;
}

bool exposure_is_nearby(enum family family, addr_t host, bool direct)
{
	return direct ? own_is_private(family, host) : own_is_nearby(family, host);
}

/* The way that says most about a port: the most open one, else the first. */
static const struct exposed_way *widest(const struct exposure *exposure)
{
	const struct exposed_way *best = NULL;
	double most = -1;

	for (size_t i = 0; i < exposure->nways; i++) {
		const struct exposed_way *way = &exposure->ways[i];
		double size = 2 * addrset_size(way->open) + addrset_size(way->maybe);

		if (size > most) {
			most = size;
			best = way;
		}
	}
	return best;
}

static enum answers who_answers(const struct exposure *exposure, bool direct)
{
	bool container = false, proxy = false;

	for (size_t i = 0; i < exposure->nways; i++) {
		container |= exposure->ways[i].to_container;
		proxy |= exposure->ways[i].to_proxy;
	}
	if (direct)
		return ANSWERS_DIRECT;
	if (container)
		return proxy ? ANSWERS_BOTH : ANSWERS_DNAT;
	if (proxy)
		return ANSWERS_PROXY;
	/* Every way is closed: what would answer if one were not. */
	if (exposure->has_dnat)
		return ANSWERS_DNAT;
	return exposure->has_proxy ? ANSWERS_PROXY : ANSWERS_NOBODY;
}

/* Whether the way is open to the world: OPEN_ALL, OPEN_MAYBE or OPEN_NOBODY. */
static enum openness to_world(const struct exposed_way *way, enum family family)
{
	struct addrset either = { 0 };
	bool world = false;

	if (addrset_is_world(way->open, family))
		return OPEN_ALL;
	if (way->maybe->n) {
		addrset_copy(&either, way->open);
		addrset_unite(&either, way->maybe);
		world = addrset_is_world(&either, family);
		addrset_clear(&either);
	}
	return world ? OPEN_MAYBE : OPEN_NOBODY;
}

void exposure_conclude(struct exposure *exposure, bool direct)
{
	const struct exposed_way *way = widest(exposure);
	bool undecided = false, maybe_world = false, outside = false;

	exposure->openness = exposure->unallowed = OPEN_NOBODY;
	exposure->answers = who_answers(exposure, direct);
	for (size_t i = 0; i < exposure->nways; i++) {
		const struct exposed_way *one = &exposure->ways[i];
		enum openness world = to_world(one, exposure->family);

		/* Everyone on an inner interface is not the world. */
		if (world == OPEN_ALL && one->outside)
			exposure->openness = OPEN_ALL;
		else if (one->open->n && exposure->openness < OPEN_SOME)
			exposure->openness = OPEN_SOME;
		maybe_world |= world == OPEN_MAYBE && one->outside;
		undecided |= one->maybe->n && !one->open->n;
		if (!one->outside)
			continue;
		exposure->allowed = one->allowed && (!outside || exposure->allowed);
		outside = true;
		if (!one->allowed && !exposure->nearby && exposure->unallowed < world)
			exposure->unallowed = world;
	}
	if (exposure->openness < OPEN_ALL && (maybe_world || undecided))
		exposure->openness = OPEN_MAYBE;
	if (!way && !exposure->nhosts) {
		exposure->by = (struct decider){ .reason = "the host has no address of that family" };
		return;
	}
	/* From where packets come is then not known. */
	if (!way) {
		exposure->by = (struct decider){ .reason = "no interface leads outside" };
		exposure->openness = OPEN_MAYBE;
		exposure->unallowed = exposure->nearby ? OPEN_NOBODY : OPEN_MAYBE;
		return;
	}
	exposure->by = way->closed_by;
	if (exposure->openness == OPEN_ALL || !way->has_closed_by)
		exposure->by = way->open_by;
	if (exposure->openness == OPEN_MAYBE && way->has_doubt)
		exposure->by = way->doubt;
	/* Everyone who can send there is not the whole world. */
	if (exposure->nearby && exposure->openness == OPEN_ALL)
		exposure->openness = OPEN_SOME;
}

void exposure_add_host(struct exposure *exposure, struct addrrange host)
{
	exposure->hosts = xreallocarray(exposure->hosts, exposure->nhosts + 1,
					sizeof(*exposure->hosts));
	exposure->hosts[exposure->nhosts++] = host;
}

void exposure_describe(const struct compute *compute, const struct docker_port *port,
		       struct exposure *exposure)
{
	*exposure = (struct exposure){
		.family = port->family, .proto = port->proto, .port = port->port,
		.container_family = port->container_family, .container = port->container,
		.container_more = port->container_more,
		.container_port = port->container_port, .dnat = port->dnat,
		.has_dnat = port->has_dnat, .has_proxy = port->has_proxy,
		.extra = port->extra,
	};
	memcpy(exposure->bridge, port->bridge, IFNAMSIZ);
	for (size_t i = 0; i < compute->nsections; i++)
		exposure->allowed |= compute->sections[i]->any;
}

struct exposure *exposure_keep(struct exposure_list *list, const struct exposure *exposure)
{
	GROW(list->v, list->n, list->room);
	list->v[list->n] = *exposure;
	return &list->v[list->n++];
}

/* Keeps it unless it is an extra one that is closed. */
void exposure_keep_open(struct exposure_list *list, struct exposure *exposure)
{
	if (!exposure->extra || exposure->openness != OPEN_NOBODY) {
		exposure_keep(list, exposure);
		return;
	}
	exposure_free_ways(exposure);
	free(exposure->hosts);
}

struct exposure *exposure_join(struct exposure_list *list, size_t first, struct exposure *exposure)
{
	for (size_t e = first; e < list->n; e++)
		if (list->v[e].nearby == exposure->nearby && same_ways(&list->v[e], exposure)) {
			exposure_free_ways(exposure);
			return &list->v[e];
		}
	return exposure_keep(list, exposure);
}

bool exposure_has_own_entry(const struct compute *compute, const struct docker_port *port,
			    struct addrrange host)
{
	return host.lo == host.hi && docker_ports_on(compute->ports, port->family, port->proto,
						     port->port, host.lo);
}
