/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "route_path.h"
#include "translation.h"
#include "xt_match.h"

void docker_ports_clear(struct docker_ports *ports)
{
	free(ports->v);
	strings_clear(&ports->bridges);
	*ports = (struct docker_ports){ 0 };
}

/* A place is an address of the host and a port. */
static int by_place(const void *left, const void *right)
{
	const struct docker_port *a = left, *b = right;

	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	if (a->port.hi != b->port.hi)
		return a->port.hi < b->port.hi ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->direct != b->direct)
		return a->direct ? 1 : -1;
	if (a->any_host != b->any_host)
		return a->any_host ? -1 : 1;
	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	return 0;
}

/* The order breaks ties. */
static int by_place_and_order(const void *left, const void *right)
{
	const struct docker_port *a = left, *b = right;
	int order = by_place(a, b);

	return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

static int by_container(const void *left, const void *right)
{
	const struct docker_port *const *a = left, *const *b = right;

	if ((*a)->container_family != (*b)->container_family)
		return (*a)->container_family < (*b)->container_family ? -1 : 1;
	if ((*a)->container != (*b)->container)
		return (*a)->container < (*b)->container ? -1 : 1;
	if ((*a)->proto != (*b)->proto)
		return (*a)->proto < (*b)->proto ? -1 : 1;
	if ((*a)->container_port.lo != (*b)->container_port.lo)
		return (*a)->container_port.lo < (*b)->container_port.lo ? -1 : 1;
	return 0;
}

static struct docker_port *docker_ports_add(struct docker_ports *ports)
{
	struct docker_port *port;

	GROW(ports->v, ports->n, ports->room);
	port = &ports->v[ports->n];
	*port = (struct docker_port){ .order = ports->n };
	ports->n++;
	return port;
}

/* The single destination port, or range, that a rule matches on. */
static bool one_dport(const struct rule *rule, struct span *port)
{
	return xt_match_rule_dports(rule, port) && !span_equal(*port, SPAN_ALL);
}

/* Whether it is one interface, as in -i docker0 or ! -i docker0, and not a pattern. */
static bool exact_name(const struct interface *iface)
{
	return iface->name[0] && iface->mask[strnlen(iface->name, IFNAMSIZ - 1)];
}

static void add_bridge(struct docker_ports *ports, const struct interface *iface)
{
	if (exact_name(iface) && !strings_has(&ports->bridges, iface->name))
		strings_add(&ports->bridges, iface->name);
}

static void find_bridge(const struct netinfo *info, const struct rule *rule,
			struct docker_port *port)
{
	struct route_query query = { .family = port->container_family, .dst = port->container,
				     .any = true };
	struct route_path path = route_path(info, &query);

	if (path.type == RTN_UNICAST && path.out)
		memcpy(port->bridge, path.out->name, IFNAMSIZ);
	else if (rule && exact_name(&rule->out) && !(rule->invert & INV_OUT))
		memcpy(port->bridge, rule->out.name, IFNAMSIZ);
	else if (rule && exact_name(&rule->in) && rule->invert & INV_IN)
		memcpy(port->bridge, rule->in.name, IFNAMSIZ);
}

static bool one_host(const struct rule *rule, addr_t *host)
{
	*host = addr_load(rule->family, rule->dst.addr);
	return !(rule->invert & INV_DST) &&
	       addr_load(rule->family, rule->dst.mask) == addr_max(rule->family);
}

static struct decider translation_decider(const struct translation *translation)
{
	return (struct decider){ .table = translation->table->name,
				 .chain = translation->chain->name,
				 .number = translation->number, .rule = translation->rule };
}

/* A rule for a prefix of addresses is shown as one for all addresses. */
static void collect_translation(const struct translation *translation, const struct netinfo *info,
				struct docker_ports *ports)
{
	const struct rule *rule = translation->rule;
	struct docker_port *port;

	if (!translation->has_container || !translation->proto ||
	    span_equal(translation->port, SPAN_ALL))
		return;
	port = docker_ports_add(ports);
	port->family = port->container_family = translation->family;
	port->proto = translation->proto;
	port->port = translation->port;
	port->any_host = translation->hosts != TRANSLATES_ONE_HOST;
	port->host = translation->host;
	port->container = translation->container;
	port->container_port = translation->container_port;
	port->has_dnat = true;
	port->dnat = translation_decider(translation);
	find_bridge(info, rule, port);
	/* This is how Docker keeps a bridge's own containers away from its ports. */
	if (rule->invert & INV_IN)
		add_bridge(ports, &rule->in);
}

/* Docker's chains in nat return packets that come from a bridge. */
static void collect_returns(const struct table *nat, struct docker_ports *ports)
{
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		for (size_t i = 0; docker_owns_chain(chain->name) && i < chain->nrules; i++)
			if (chain->rules[i]->verdict == VERDICT_RETURN &&
			    !(chain->rules[i]->invert & INV_IN))
				add_bridge(ports, &chain->rules[i]->in);
	}
}

static void collect_proxies(const struct world *world, const struct translations *translations,
			    unsigned int families, struct docker_ports *ports)
{
	const struct proxies *proxies = world->proxies;

	for (size_t i = 0; proxies && i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];
		const struct translation *covering = translations_covering(translations, proxy);
		const struct rule *rule = NULL;
		struct docker_port *port;

		if (!(families & 1U << proxy->family))
			continue;
		port = docker_ports_add(ports);
		port->family = proxy->family;
		port->proto = proxy->proto;
		port->port = (struct span){ proxy->port, proxy->port };
		port->any_host = proxy->any;
		port->host = proxy->any ? 0 : proxy->host;
		port->container_family = proxy->container_family;
		port->container = proxy->container;
		port->container_port = (struct span){ proxy->container_port, proxy->container_port };
		port->has_proxy = true;
		if (covering && covering->has_container) {
			port->container_family = covering->family;
			port->container = covering->container;
			port->has_dnat = true;
			port->dnat = translation_decider(covering);
			rule = covering->rule;
		}
		find_bridge(world->info, rule, port);
	}
}

/* Keeps one entry for each place: the first translation, together with the listener. */
static void merge_places(struct docker_ports *ports)
{
	size_t kept = 0;

	if (ports->n)
		qsort(ports->v, ports->n, sizeof(*ports->v), by_place_and_order);
	for (size_t i = 0; i < ports->n; i++) {
		if (kept && !by_place(&ports->v[kept - 1], &ports->v[i]))
			ports->v[kept - 1].has_proxy |= ports->v[i].has_proxy;
		else
			ports->v[kept++] = ports->v[i];
	}
	ports->n = kept;
}

/*
 * Collects the ports that Docker's filter rules accept for a container although no
 * translation and no listener leads there: they answer at the container's own address.
 */
static void collect_accepts(const struct table *table, const struct netinfo *info,
			    struct docker_ports *ports)
{
	size_t n = ports->n;
	struct docker_port **known = xcalloc(n, sizeof(*known)), *key = NULL, found;

	for (size_t i = 0; i < n; i++) {
		/* ports->v may move below. */
		known[i] = xmemdup(&ports->v[i], sizeof(ports->v[i]));
	}
	if (n)
		qsort(known, n, sizeof(*known), by_container);
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		if (!docker_owns_chain(chain->name))
			continue;
		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];

			if (!(rule->invert & INV_OUT))
				add_bridge(ports, &rule->out);
			found = (struct docker_port){ .family = table->family, .direct = true,
						      .container_family = table->family };
			if (rule->opaque || rule->verdict != VERDICT_ACCEPT || !rule->proto ||
			    rule->invert & INV_PROTO || !one_host(rule, &found.container) ||
			    !one_dport(rule, &found.container_port))
				continue;
			found.proto = (uint8_t)rule->proto;
			found.port = found.container_port;
			found.host = found.container;
			key = &found;
			if (n && bsearch(&key, known, n, sizeof(*known), by_container))
				continue;
			find_bridge(info, rule, &found);
			*docker_ports_add(ports) = found;
		}
	}
	for (size_t i = 0; i < n; i++)
		free(known[i]);
	free(known);
}

/* In the layouts up to Docker 28.0.0, FORWARD also names the bridges. */
static void collect_forward(const struct table *table, struct docker_ports *ports)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	for (size_t i = 0; forward && i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule->verdict == VERDICT_JUMP && docker_owns_chain(rule->chain) &&
		    !(rule->invert & INV_OUT))
			add_bridge(ports, &rule->out);
	}
}

void docker_ports_collect(const struct world *world, unsigned int families,
			  struct docker_ports *ports)
{
	const struct snapshot *snapshot = world->snapshot;
	const struct netinfo *info = world->info;
	struct translations translations;

	*ports = (struct docker_ports){ 0 };
	translations_collect(snapshot, families, &translations);
	for (size_t i = 0; i < translations.n; i++)
		collect_translation(&translations.v[i], info, ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *nat = snapshot_table(snapshot, family, "nat");

		if (families & 1U << family && nat)
			collect_returns(nat, ports);
	}
	collect_proxies(world, &translations, families, ports);
	translations_clear(&translations);
	merge_places(ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *filter = snapshot_table(snapshot, family, "filter");

		if (!(families & 1U << family) || !filter)
			continue;
		collect_accepts(filter, info, ports);
		collect_forward(filter, ports);
	}
	merge_places(ports);
	for (size_t i = 0; i < ports->n; i++) {
		const struct netif *iface = netinfo_if(info, ports->v[i].bridge);

		/* An interface that leads to a container is Docker's if it is a bridge. */
		if (iface && iface->bridge && !strings_has(&ports->bridges, iface->name))
			strings_add(&ports->bridges, iface->name);
	}
}

bool docker_ports_on(const struct docker_ports *ports, enum family family, uint8_t proto,
		     struct span port, addr_t host)
{
	struct docker_port key = { .family = family, .proto = proto, .port = port,
				   .host = host };

	return ports->n && bsearch(&key, ports->v, ports->n, sizeof(*ports->v), by_place);
}
