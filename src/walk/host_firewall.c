/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_firewall.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "docker_ports.h"
#include "host_filtered.h"
#include "host_world.h"
#include "own_places.h"
#include "port_cells.h"
#include "walk.h"

void opening_doubts_clear(struct opening_doubts *doubts)
{
	for (size_t i = 0; i < doubts->n; i++)
		addrset_clear(&doubts->v[i].ports);
	free(doubts->v);
	*doubts = (struct opening_doubts){ 0 };
}

bool host_firewall_decides(const struct policy *policy, uint8_t proto, uint16_t port)
{
	if (policy->unlisted == UNLISTED_HOST_FIREWALL)
		return true;
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		if (section->host_firewall && section->proto == proto && section->port <= port &&
		    section->last >= port)
			return true;
	}
	return false;
}

/* ---- one packet ---- */

static void weigh(struct decider *by, bool *has, double *most, const struct decider *other,
		  double size)
{
	if (size <= *most)
		return;
	*by = *other;
	*has = true;
	*most = size;
}

static void close_ending(struct host_way *way, struct addrset *closed, double *most,
			 const struct ending *ending)
{
	addrset_unite(closed, &ending->set);
	if (ending->set.n)
		weigh(&way->closed_by, &way->has_closed_by, most, &ending->by, ending->size);
}

/* Once maybe is known. */
static void find_refused(struct host_way *way, const struct fate *fate)
{
	addrset_copy(&way->refused, &fate->dropped.set);
	addrset_unite(&way->refused, &fate->refused.set);
	addrset_subtract(&way->refused, &way->maybe);
	addrset_subtract(&way->refused, &fate->lost.set);
	addrset_subtract(&way->refused, &fate->unknown.set);
	addrset_subtract(&way->refused, &fate->relayed.set);
	for (size_t i = 0; i < fate->forwarded.n; i++)
		addrset_subtract(&way->refused, &fate->forwarded.v[i].src);
}

void host_way_find(struct walker *walker, const struct packet *packet, struct host_way *way)
{
	struct addrset all = { 0 }, closed = { 0 };
	double open = 0, most = 0;
	struct fate fate;

	*way = (struct host_way){ 0 };
	addrset_all(&all, packet->family);
	walk_to_host(walker, packet, &all, NULL, &fate);
	for (size_t i = 0; i < fate.local.n; i++) {
		const struct flow *flow = &fate.local.v[i];

		addrset_unite(&way->in, &flow->src);
		weigh(&way->open_by, &way->has_open_by, &open, &flow->by, addrset_size(&flow->src));
	}
	close_ending(way, &closed, &most, &fate.dropped);
	close_ending(way, &closed, &most, &fate.refused);
	close_ending(way, &closed, &most, &fate.lost);
	close_ending(way, &closed, &most, &fate.unknown);
	for (size_t i = 0; i < fate.forwarded.n; i++)
		addrset_unite(&closed, &fate.forwarded.v[i].src);
	addrset_copy(&way->maybe, &way->in);
	addrset_intersect(&way->maybe, &closed);
	addrset_subtract(&way->in, &closed);
	addrset_copy(&way->relayed, &fate.relayed.set);
	find_refused(way, &fate);
	way->has_doubt = fate.doubtful && way->maybe.n;
	way->doubt = fate.doubt;
	fate_clear(&fate);
	addrset_clear(&all);
	addrset_clear(&closed);
}

void host_way_clear(struct host_way *way)
{
	addrset_clear(&way->in);
	addrset_clear(&way->maybe);
	addrset_clear(&way->relayed);
	addrset_clear(&way->refused);
	*way = (struct host_way){ 0 };
}

/* ---- all published ports ---- */

/* The ports of one protocol that are published on one address, or on several: as on every one. */
struct place {
	uint8_t proto;
	bool any_host;
	addr_t host;
	struct addrset ports; /* owned */
};

struct finder {
	const struct policy *policy;
	const struct world *world; /* as the host's own packets meet it */
	struct walker walker;
	struct openings *openings;
	struct opening_doubts *doubts;
	enum family family;
	struct place *places; /* owned */
	size_t nplaces, room;
	struct own_addresses own;
	struct port_cells cells;
};

static struct addrset *place_ports(struct finder *f, const struct docker_port *port)
{
	bool any_host = port->any_host || port->host_more;
	struct place *place;

	for (size_t i = f->nplaces; i-- > 0;) {
		place = &f->places[i];
		if (place->proto == port->proto && place->any_host == any_host &&
		    (any_host || place->host == port->host))
			return &place->ports;
	}
	GROW(f->places, f->nplaces, f->room);
	place = &f->places[f->nplaces++];
	*place = (struct place){ .proto = port->proto, .any_host = any_host,
				 .host = any_host ? 0 : port->host };
	return &place->ports;
}

static void collect_places(struct finder *f, const struct docker_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct docker_port *port = &ports->v[i];

		if (port->family != f->family || port->direct || !port->has_dnat)
			continue;
		/* Not a wildcard: what has no end in sight is not computed, and stays closed. */
		for (unsigned int p = port->port.lo; p <= port->port.hi; p++)
			if (host_firewall_decides(f->policy, port->proto, (uint16_t)p))
				addrset_add(place_ports(f, port), p, p);
	}
}

static void add_doubt(struct finder *f, const struct place *place, struct span ports,
		      const struct decider *by)
{
	struct opening_doubts *list = f->doubts;
	struct opening_doubt *doubt = NULL;

	for (size_t i = 0; i < list->n && !doubt; i++) {
		struct opening_doubt *other = &list->v[i];

		if (other->family == f->family && other->proto == place->proto &&
		    other->by.rule == by->rule && other->by.chain == by->chain &&
		    other->by.number == by->number && other->by.reason == by->reason)
			doubt = other;
	}
	if (!doubt) {
		GROW(list->v, list->n, list->room);
		doubt = &list->v[list->n++];
		*doubt = (struct opening_doubt){ .family = f->family, .proto = place->proto, .by = *by };
	}
	/* The ports of a span that nobody publishes say nothing. */
	for (unsigned int p = ports.lo; p <= ports.hi; p++)
		if (addrset_has(&place->ports, p))
			addrset_add(&doubt->ports, p, p);
}

/* Adds the ports of the place in the span, to the opening that is alike if there is one. */
static void add_sources(struct finder *f, const struct place *place, const struct netif *in,
			struct span ports, const struct addrset *hosts, const struct addrset *sources,
			enum opening_kind kind)
{
	struct openings *list = f->openings;
	struct opening *opening = NULL;

	if (!sources->n)
		return;
	for (size_t i = list->n; i-- > 0 && !opening;) {
		struct opening *other = &list->v[i];

		if (other->family == f->family && other->proto == place->proto &&
		    !memcmp(other->in, in->name, IFNAMSIZ) && other->any_host == !hosts &&
		    other->kind == kind &&
		    (!hosts || addrset_equal(&other->hosts, hosts)) &&
		    addrset_equal(&other->sources, sources))
			opening = other;
	}
	if (!opening) {
		GROW(list->v, list->n, list->room);
		opening = &list->v[list->n++];
		*opening = (struct opening){ .family = f->family, .proto = place->proto,
					     .any_host = !hosts, .kind = kind };
		memcpy(opening->in, in->name, IFNAMSIZ);
		if (hosts)
			addrset_copy(&opening->hosts, hosts);
		addrset_copy(&opening->sources, sources);
	}
	for (unsigned int p = ports.lo; p <= ports.hi; p++)
		if (addrset_has(&place->ports, p))
			addrset_add(&opening->ports, p, p);
}

static void add_opening(struct finder *f, const struct place *place, const struct netif *in,
			struct span ports, const struct addrset *hosts, const struct host_way *way)
{
	add_sources(f, place, in, ports, hosts, &way->in, OPENING_LETS_IN);
	add_sources(f, place, in, ports, hosts, &way->relayed, OPENING_RELAYED);
}

static void make_packet(const struct finder *f, const struct place *place, const struct netif *in,
			struct span ports, struct addrrange host, struct packet *packet)
{
	packet_init(packet, f->family, in, place->proto, host.lo, ports.lo);
	packet->dst = packet->orig_dst = host;
	packet->to_host = host.lo != host.hi;
	packet->dport = packet->orig_dport = ports;
}

/* Notes of whom it is not known whether they are let in, if there is anyone. */
static void add_undecided(struct finder *f, const struct place *place, const struct netif *in,
			  struct span ports, const struct host_way *way)
{
	struct openings *list = f->openings;
	struct opening *last;

	if (!way->has_doubt)
		return;
	add_doubt(f, place, ports, &way->doubt);
	GROW(list->undecided, list->nundecided, list->undecided_room);
	last = list->undecided + list->nundecided;
	/* Ports that follow one another mostly fare alike. */
	if (!list->nundecided || last[-1].family != f->family || last[-1].proto != place->proto ||
	    memcmp(last[-1].in, in->name, IFNAMSIZ) ||
	    !addrset_equal(&last[-1].sources, &way->maybe)) {
		*last = (struct opening){ .family = f->family, .proto = place->proto };
		memcpy(last->in, in->name, IFNAMSIZ);
		addrset_copy(&last->sources, &way->maybe);
		list->nundecided++;
		last++;
	}
	addrset_add(&last[-1].ports, ports.lo, ports.hi);
}

/* Every unicast address: what is sent to others does not arrive at a listener. */
static struct addrrange any_address(enum family family)
{
	if (family == FAMILY_IPV4)
		return (struct addrrange){ (addr_t)1 << 24, ((addr_t)224 << 24) - 1 };
	return (struct addrrange){ 2, ((addr_t)0xff << 120) - 1 };
}

/* Who is refused in open connections as well: a ban that comes before what lets these in. */
static void cut_span(struct finder *f, const struct place *place, const struct netif *in,
		     struct span ports, struct packet packet)
{
	struct addrset one = { 0 };
	struct host_way way;

	packet_establish(&packet);
	host_way_find(&f->walker, &packet, &way);
	if (!place->any_host)
		addrset_add(&one, place->host, place->host);
	add_sources(f, place, in, ports, place->any_host ? NULL : &one, &way.refused, OPENING_CUT);
	host_way_clear(&way);
	addrset_clear(&one);
}

/* Who gets in at each of the host's addresses, where these differ. */
static void open_each_host(struct finder *f, const struct place *place, const struct netif *in,
			   struct span ports)
{
	for (size_t i = 0; i < f->own.n; i++) {
		struct addrset one = { 0 };
		struct host_way way;
		struct packet packet;

		make_packet(f, place, in, ports, f->own.v[i], &packet);
		host_way_find(&f->walker, &packet, &way);
		addrset_add(&one, f->own.v[i].lo, f->own.v[i].hi);
		add_opening(f, place, in, ports, &one, &way);
		add_undecided(f, place, in, ports, &way);
		host_way_clear(&way);
		addrset_clear(&one);
	}
}

/* Returns false if the ports do not fare alike, as far as that is known. */
static bool open_span(struct finder *f, const struct place *place, const struct netif *in,
		      struct span ports)
{
	struct addrset one = { 0 };
	struct host_way way;
	struct packet packet;
	bool done = true;

	make_packet(f, place, in, ports, place->any_host ? any_address(f->family)
				 : (struct addrrange){ place->host, place->host }, &packet);
	host_way_find(&f->walker, &packet, &way);
	if (!way.has_doubt || ports.lo == ports.hi)
		cut_span(f, place, in, ports, packet);
	if (way.has_doubt && ports.lo != ports.hi) {
		done = false;
	} else if (way.has_doubt && place->any_host) {
		open_each_host(f, place, in, ports);
	} else {
		if (!place->any_host)
			addrset_add(&one, place->host, place->host);
		add_opening(f, place, in, ports, place->any_host ? NULL : &one, &way);
		add_undecided(f, place, in, ports, &way);
	}
	host_way_clear(&way);
	addrset_clear(&one);
	return done;
}

static int open_place(struct finder *f, const struct place *place, const struct netif *in)
{
	struct span span;

	/* The published ports of one cell, from the first to the last. */
	for (unsigned int from = 0; port_cells_next(&f->cells, &place->ports, from, &span);
	     from = span.hi + 1U) {
		if (open_span(f, place, in, span))
			continue;
		for (unsigned int p = span.lo; p <= span.hi; p++)
			if (addrset_has(&place->ports, p))
				open_span(f, place, in, (struct span){ (uint16_t)p, (uint16_t)p });
		if (deadline_check())
			return -1;
	}
	return deadline_check();
}

/* Whether packets come in there from outside, by the policy. */
static bool is_outside(const struct policy *policy, const struct netif *in)
{
	if (in->loopback || in->port)
		return false;
	if (!policy->outside.n)
		return true;
	for (size_t i = 0; i < policy->outside.n; i++) {
		struct interface pattern;

		if (interface_set(&pattern, policy->outside.v[i]) &&
		    interface_matches(&pattern, false, in->name))
			return true;
	}
	return false;
}

/* Whether a section with "host-firewall" names it. */
static bool is_named(const struct policy *policy, const struct netif *in)
{
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		for (size_t k = 0; section->host_firewall && k < section->interfaces.n; k++) {
			struct interface pattern;

			if (interface_set(&pattern, section->interfaces.v[k]) &&
			    interface_matches(&pattern, false, in->name))
				return true;
		}
	}
	return false;
}

static int compute_family(struct finder *f, const struct docker_ports *ports)
{
	const struct netinfo *info = f->world->info;
	bool filtered = host_is_filtered(f->world, f->family);
	int status = 0;

	/* Also for ports that no rule translates: docker-proxy may answer them. */
	if (!filtered)
		f->openings->unfiltered |= 1U << f->family;
	collect_places(f, ports);
	if (!f->nplaces)
		return 0;
	f->openings->published |= 1U << f->family;
	if (!filtered && f->policy->on_error == ON_ERROR_CLOSE)
		return 0;
	walker_make(&f->walker, f->world, f->family);
	port_cells_find(&f->walker.index, &f->cells);
	own_addresses_find(info, f->family, &f->own);
	if (f->own.n)
		f->openings->own[f->family] = xmemdup(f->own.v, f->own.n * sizeof(*f->own.v));
	f->openings->nown[f->family] = f->own.n;
	for (size_t p = 0; p < f->nplaces; p++) {
		f->openings->nports += (size_t)addrset_size(&f->places[p].ports);
		for (size_t i = 0; i < info->nifs && !status; i++)
			if (is_outside(f->policy, &info->ifs[i]) || is_named(f->policy, &info->ifs[i]))
				status = open_place(f, &f->places[p], &info->ifs[i]);
	}
	own_addresses_clear(&f->own);
	port_cells_clear(&f->cells);
	walker_clear(&f->walker);
	return status;
}

/* Addresses of the host that fare alike get one entry. */
static void join_hosts(struct openings *openings)
{
	size_t kept = 0;

	for (size_t i = 0; i < openings->n; i++) {
		struct opening *opening = &openings->v[i], *same = NULL;

		for (size_t k = 0; k < kept && !same && !opening->any_host; k++) {
			struct opening *other = &openings->v[k];

			if (!other->any_host && other->family == opening->family &&
			    other->proto == opening->proto && other->kind == opening->kind &&
			    !memcmp(other->in, opening->in, IFNAMSIZ) &&
			    addrset_equal(&other->ports, &opening->ports) &&
			    addrset_equal(&other->sources, &opening->sources))
				same = other;
		}
		if (!same) {
			openings->v[kept++] = *opening;
			continue;
		}
		addrset_unite(&same->hosts, &opening->hosts);
		addrset_clear(&opening->hosts);
		addrset_clear(&opening->ports);
		addrset_clear(&opening->sources);
	}
	openings->n = kept;
}

int openings_compute(const struct policy *policy, const struct world *world,
		     struct openings *openings, struct opening_doubts *doubts)
{
	struct docker_ports ports;
	struct host_world host;
	int status = 0;

	*openings = (struct openings){ 0 };
	*doubts = (struct opening_doubts){ 0 };
	docker_ports_collect(world, policy->families, &ports);
	host_world_make(&host, world);
	for (int family = 0; family < FAMILY_COUNT && !status; family++) {
		struct finder f = { .policy = policy, .world = &host.world, .openings = openings,
				    .doubts = doubts, .family = (enum family)family };

		if (policy->families & 1U << family)
			status = compute_family(&f, &ports);
		for (size_t i = 0; i < f.nplaces; i++)
			addrset_clear(&f.places[i].ports);
		free(f.places);
	}
	join_hosts(openings);
	host_world_clear(&host);
	docker_ports_clear(&ports);
	return status;
}
