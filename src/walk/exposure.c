/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "docker_ports.h"
#include "equivalence.h"

const char *answers_name(enum answers answers)
{
	static const char *const names[] = {
		[ANSWERS_DNAT] = "dnat",
		[ANSWERS_PROXY] = "proxy",
		[ANSWERS_BOTH] = "both",
		[ANSWERS_DIRECT] = "direct",
		[ANSWERS_NOBODY] = "nobody",
	};

	return names[answers];
}

const char *openness_name(enum openness openness)
{
	static const char *const names[] = {
		[OPEN_NOBODY] = "closed",
		[OPEN_SOME] = "limited",
		[OPEN_MAYBE] = "maybe",
		[OPEN_ALL] = "open",
	};

	return names[openness];
}

struct compute {
	const struct policy *policy; /* or NULL */
	const struct world *world;
	const struct docker_ports *ports;
	/* The publish sections about the port that is walked, in order. */
	const struct publish_section **sections; /* owned */
	size_t nsections, room;
	struct exposure_list *list;
	struct equivalence equivalence[FAMILY_COUNT];
};

/* Whether a list of interfaces, as -i takes them, has this one; an empty list has all. */
static bool names_interface(const struct strings *names, const struct netif *iface)
{
	struct interface pattern;

	for (size_t i = 0; i < names->n; i++)
		if (interface_set(&pattern, names->v[i]) &&
		    interface_matches(&pattern, false, iface->name))
			return true;
	return !names->n;
}

static void find_sections(struct compute *compute, const struct docker_port *port)
{
	const struct policy *policy = compute->policy;

	compute->nsections = 0;
	for (size_t i = 0; policy && i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		if (section->proto != port->proto || section->port > port->port.hi ||
		    section->last < port->port.lo)
			continue;
		GROW(compute->sections, compute->nsections, compute->room);
		compute->sections[compute->nsections++] = section;
	}
}

/* Whether everyone may reach the port from there: the first section about it decides. */
static bool allows_any(const struct compute *compute, struct span port, const struct netif *iface)
{
	for (size_t i = 0; i < compute->nsections; i++) {
		const struct publish_section *section = compute->sections[i];

		if (names_interface(&section->interfaces, iface))
			return section->any && section->port <= port.lo &&
			       section->last >= port.hi;
	}
	return false;
}

/* What decided for the largest part of the sources. */
struct heaviest {
	struct decider by;
	double size;
	bool has;
};

static void weigh(struct heaviest *heaviest, const struct decider *by, double size)
{
	if (size > heaviest->size) {
		heaviest->by = *by;
		heaviest->size = size;
		heaviest->has = true;
	}
}

static void weigh_ending(struct addrset *closed, struct heaviest *by, const struct ending *ending)
{
	addrset_unite(closed, &ending->set);
	if (ending->set.n)
		weigh(by, &ending->by, ending->size);
}

static bool has_proxy(const struct world *world, const struct packet *packet)
{
	return world->proxies && proxies_find(world->proxies, packet->family, packet->proto,
					      packet->dst.lo, packet->dport.lo);
}

/* Derives who gets in from what became of the packets. */
static void exposure_judge(struct compute *compute, const struct fate *fate, enum family family,
			   struct exposed_way *way)
{
	static const struct decider host = { .reason = "it is for the host itself, and no docker-proxy "
						       "listens there" };
	struct addrpool *pool = &compute->list->walkers[family].pool;
	struct heaviest open_by = { 0 }, closed_by = { 0 };
	struct addrset open = { 0 }, closed = { 0 }, maybe = { 0 };

	for (size_t i = 0; i < fate->forwarded.n; i++) {
		const struct flow *flow = &fate->forwarded.v[i];

		way->to_container = true;
		addrset_unite(&open, &flow->src);
		weigh(&open_by, &flow->by, addrset_size(&flow->src));
	}
	for (size_t i = 0; i < fate->local.n; i++) {
		const struct flow *flow = &fate->local.v[i];

		if (has_proxy(compute->world, &flow->packet)) {
			way->to_proxy = true;
			addrset_unite(&open, &flow->src);
			weigh(&open_by, &flow->by, addrset_size(&flow->src));
		} else {
			addrset_unite(&closed, &flow->src);
			weigh(&closed_by, &host, addrset_size(&flow->src));
		}
	}
	weigh_ending(&closed, &closed_by, &fate->dropped);
	weigh_ending(&closed, &closed_by, &fate->refused);
	weigh_ending(&closed, &closed_by, &fate->lost);
	/* If nothing on the way was in doubt, each source came to exactly one end. */
	if (fate->doubtful) {
		addrset_copy(&maybe, &open);
		addrset_intersect(&maybe, &closed);
		addrset_subtract(&open, &closed);
	}
	way->open = addrpool_keep(pool, &open);
	way->maybe = addrpool_keep(pool, &maybe);
	way->has_open_by = open_by.has;
	way->open_by = open_by.by;
	way->has_closed_by = closed_by.has;
	way->closed_by = closed_by.by;
	way->has_doubt = fate->doubtful && maybe.n;
	way->doubt = fate->doubt;
	addrset_clear(&open);
	addrset_clear(&closed);
	addrset_clear(&maybe);
}

static bool same_decider(bool has_a, const struct decider *a, bool has_b, const struct decider *b)
{
	return has_a == has_b && (!has_a || (a->rule == b->rule && a->chain == b->chain &&
					     a->reason == b->reason));
}

static bool same_way(const struct exposed_way *a, const struct exposed_way *b)
{
	return a->open == b->open && a->maybe == b->maybe && a->to_container == b->to_container &&
	       a->to_proxy == b->to_proxy && a->outside == b->outside && a->allowed == b->allowed &&
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

static void walk_port(struct compute *compute, const struct docker_port *port, addr_t host,
		      struct exposure *exposure)
{
	static const struct decider none = {
		.reason = "the reverse path filter (rp_filter) lets no packet in there",
	};
	const struct equivalence *equivalence = &compute->equivalence[port->family];
	struct walker *walker = &compute->list->walkers[port->family];

	for (size_t i = 0; i < equivalence->nclasses; i++) {
		const struct if_class *class = &equivalence->classes[i];
		struct exposed_way way = { 0 };
		struct packet packet;
		struct fate fate;

		packet_init(&packet, port->family, class->v[0], port->proto, host, port->port.lo);
		packet.dport = packet.orig_dport = port->port;
		way.possible = addrpool_keep(&walker->pool, &class->sources);
		if (class->sources.n) {
			walk_packet(walker, &packet, &class->sources, NULL, &fate);
			exposure_judge(compute, &fate, port->family, &way);
			fate_clear(&fate);
		} else {
			way.open = way.maybe = way.possible;
			way.closed_by = none;
			way.has_closed_by = true;
		}
		for (size_t k = 0; k < class->n; k++) {
			const struct policy *policy = compute->policy;

			way.outside = !policy || names_interface(&policy->outside, class->v[k]);
			way.allowed = allows_any(compute, port->port, class->v[k]);
			add_way(exposure, &way, class->v[k]);
		}
	}
}

static bool same_ways(const struct exposure *a, const struct exposure *b)
{
	if (a->nways != b->nways)
		return false;
	for (size_t i = 0; i < a->nways; i++)
		if (!same_way(&a->ways[i], &b->ways[i]) || a->ways[i].nifs != b->ways[i].nifs)
			return false;
	return true;
}

static void free_ways(struct exposure *exposure)
{
	for (size_t i = 0; i < exposure->nways; i++)
		free(exposure->ways[i].ifs);
	free(exposure->ways);
}

/*
 * direct: host is a container's own address, and nearby if it is private. A private
 * address of the host itself need not be nearby.
 */
static bool is_nearby(enum family family, addr_t host, bool direct)
{
	if (family == FAMILY_IPV6)
		return host == 1 || host >> 118 == 0xfe80 >> 6 || (direct && host >> 121 == 0xfc >> 1);
	if (host >> 24 == 127 || host >> 16 == 0xa9fe)
		return true;
	return direct && (host >> 24 == 10 || host >> 20 == 0xac1 || host >> 16 == 0xc0a8 ||
			  host >> 22 == 0x6440 >> 6);
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

static void conclude(struct exposure *exposure, bool direct)
{
	const struct exposed_way *way = widest(exposure);
	bool undecided = false, maybe_world = false;

	exposure->openness = exposure->unallowed = OPEN_NOBODY;
	exposure->answers = who_answers(exposure, direct);
	for (size_t i = 0; i < exposure->nways; i++) {
		const struct exposed_way *one = &exposure->ways[i];
		enum openness world = to_world(one, exposure->family);

		if (world == OPEN_ALL)
			exposure->openness = OPEN_ALL;
		else if (one->open->n && exposure->openness < OPEN_SOME)
			exposure->openness = OPEN_SOME;
		maybe_world |= world == OPEN_MAYBE;
		undecided |= one->maybe->n && !one->open->n;
		if (!one->outside)
			continue;
		exposure->allowed &= one->allowed;
		if (!one->allowed && !exposure->nearby && exposure->unallowed < world)
			exposure->unallowed = world;
	}
	if (exposure->openness < OPEN_ALL && (maybe_world || undecided))
		exposure->openness = OPEN_MAYBE;
	if (!way) {
		exposure->by = (struct decider){ .reason = "no interface leads outside" };
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

static void exposure_add_host(struct exposure *exposure, addr_t host)
{
	exposure->hosts = xreallocarray(exposure->hosts, exposure->nhosts + 1,
					sizeof(*exposure->hosts));
	exposure->hosts[exposure->nhosts++] = host;
}

/* Fills in what all places of a port share. */
static void exposure_describe(const struct compute *compute, const struct docker_port *port,
			      struct exposure *exposure)
{
	*exposure = (struct exposure){
		.family = port->family, .proto = port->proto, .port = port->port,
		.container_family = port->container_family, .container = port->container,
		.container_port = port->container_port, .dnat = port->dnat,
		.has_dnat = port->has_dnat, .has_proxy = port->has_proxy,
	};
	memcpy(exposure->bridge, port->bridge, IFNAMSIZ);
	for (size_t i = 0; i < compute->nsections; i++)
		exposure->allowed |= compute->sections[i]->any;
}

static struct exposure *exposure_keep(struct exposure_list *list, const struct exposure *exposure)
{
	GROW(list->v, list->n, list->room);
	list->v[list->n] = *exposure;
	return &list->v[list->n++];
}

/* A port on one address of the host, or on a container's own address. */
static void expose_place(struct compute *compute, const struct docker_port *port)
{
	struct exposure exposure;

	exposure_describe(compute, port, &exposure);
	walk_port(compute, port, port->host, &exposure);
	exposure_add_host(&exposure, port->host);
	exposure.nearby = is_nearby(port->family, port->host, port->direct);
	conclude(&exposure, port->direct);
	exposure_keep(compute->list, &exposure);
}

/* A port on every address: one exposure for each group of addresses that fare alike. */
static void expose_everywhere(struct compute *compute, const struct docker_port *port)
{
	const struct equivalence *equivalence = &compute->equivalence[port->family];
	struct exposure_list *list = compute->list;
	size_t first = list->n;

	for (size_t i = 0; i < equivalence->nhosts; i++) {
		const struct host_class *class = &equivalence->hosts[i];
		struct exposure exposure, *same = NULL;
		size_t k = 0;

		/* If an address has its own entry, that one counts. */
		while (k < class->n && docker_ports_on(compute->ports, port->family, port->proto,
						       port->port, class->v[k]))
			k++;
		if (k == class->n)
			continue;
		exposure_describe(compute, port, &exposure);
		walk_port(compute, port, class->v[k], &exposure);
		for (size_t e = first; e < list->n && !same; e++)
			if (same_ways(&list->v[e], &exposure))
				same = &list->v[e];
		if (same)
			free_ways(&exposure);
		else
			same = exposure_keep(list, &exposure);
		for (; k < class->n; k++)
			if (!docker_ports_on(compute->ports, port->family, port->proto, port->port,
					     class->v[k]))
				exposure_add_host(same, class->v[k]);
	}
	if (list->n == first) {
		struct exposure exposure;

		exposure_describe(compute, port, &exposure);
		exposure_keep(list, &exposure);
	}
	for (size_t k = first; k < list->n; k++) {
		list->v[k].any_host = list->n == first + 1;
		conclude(&list->v[k], port->direct);
	}
	if (list->n == first + 1) {
		free(list->v[first].hosts);
		list->v[first].hosts = NULL;
		list->v[first].nhosts = 0;
	}
}

static void find_nobody(const struct netinfo *info, enum family family, struct addrset *nobody)
{
	static const struct netif any = { .rp_filter = 1 };

	route_sources(info, family, &any, nobody);
	addrset_complement(nobody, family);
	/* Hosts on the link may have these, but no one closes a port to them. */
	if (family == FAMILY_IPV6) {
		addrset_add(nobody, 0, 0);
		addrset_add(nobody, (addr_t)0xfe80 << 112, ((addr_t)0xfec0 << 112) - 1);
	}
}

int exposure_compute(const struct policy *policy, const struct world *world,
		     unsigned int families, struct exposure_list *list)
{
	struct docker_ports ports;
	struct compute compute = { .policy = policy, .world = world, .list = list };
	int status = 0;

	*list = (struct exposure_list){ 0 };
	docker_ports_collect(world, families, &ports);
	compute.ports = &ports;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (!(families & 1U << family))
			continue;
		walker_make(&list->walkers[family], world, family);
		list->walked[family] = true;
		find_nobody(world->info, family, &list->nobody[family]);
		equivalence_make(&compute.equivalence[family], &list->walkers[family].index,
				 &list->walkers[family].validation, &ports.bridges);
	}
	for (size_t i = 0; i < ports.n && !status; i++) {
		find_sections(&compute, &ports.v[i]);
		if (ports.v[i].any_host)
			expose_everywhere(&compute, &ports.v[i]);
		else
			expose_place(&compute, &ports.v[i]);
		status = deadline_check();
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		equivalence_clear(&compute.equivalence[family]);
	free(compute.sections);
	docker_ports_clear(&ports);
	return status;
}

void exposure_shut_out(const struct exposure_list *list, enum family family,
		       const struct exposed_way *way, struct addrset *set)
{
	addrset_copy(set, way->possible);
	addrset_subtract(set, way->open);
	addrset_subtract(set, &list->nobody[family]);
}

void exposure_texts(const struct exposure_list *list, const struct addrset *set,
		    enum family family, struct strings *names)
{
	struct addrset filled = { 0 };

	addrset_copy(&filled, set);
	addrset_fill(&filled, family, &list->nobody[family]);
	addrset_texts(&filled, family, names);
	addrset_clear(&filled);
}

void exposure_clear(struct exposure_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free_ways(&list->v[i]);
		free(list->v[i].hosts);
	}
	free(list->v);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		addrset_clear(&list->nobody[family]);
		if (list->walked[family])
			walker_clear(&list->walkers[family]);
	}
	*list = (struct exposure_list){ 0 };
}

bool exposure_has_outside(const struct exposure_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->v[i].nways; k++)
			if (list->v[i].ways[k].outside)
				return true;
	return false;
}

static size_t count_unallowed(const struct exposure_list *list, enum openness openness)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].unallowed == openness;
	return n;
}

size_t exposure_unallowed(const struct exposure_list *list)
{
	return count_unallowed(list, OPEN_ALL);
}

size_t exposure_undecided(const struct exposure_list *list)
{
	return count_unallowed(list, OPEN_MAYBE);
}
