/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_port_list.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "route_path.h"

void docker_ports_clear(struct docker_ports *ports)
{
	free(ports->v);
	free(ports->mapped);
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
	if (a->host_more != b->host_more)
		return a->host_more > b->host_more ? -1 : 1;
	return 0;
}

/* The order breaks ties. */
static int by_place_and_order(const void *left, const void *right)
{
	const struct docker_port *a = left, *b = right;
	int order = by_place(a, b);

	return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

struct docker_port *docker_ports_add(struct docker_ports *ports)
{
	struct docker_port *port;

	GROW(ports->v, ports->n, ports->room);
	port = &ports->v[ports->n];
	*port = (struct docker_port){ .order = ports->n };
	ports->n++;
	return port;
}

/* Whether it is one interface, as in -i docker0 or ! -i docker0, and not a pattern. */
static bool exact_name(const struct interface *iface)
{
	return iface->name[0] && iface->mask[strnlen(iface->name, IFNAMSIZ - 1)];
}

void docker_ports_bridge(struct docker_ports *ports, const struct interface *iface)
{
	if (exact_name(iface) && !strings_has(&ports->bridges, iface->name))
		strings_add(&ports->bridges, iface->name);
}

void docker_port_find_bridge(const struct netinfo *info, const struct rule *rule,
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

bool docker_port_host(const struct rule *rule, addr_t *host)
{
	*host = addr_load(rule->family, rule->dst.addr);
	return !(rule->invert & INV_DST) &&
	       addr_load(rule->family, rule->dst.mask) == addr_max(rule->family);
}

void docker_ports_merge(struct docker_ports *ports)
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

bool docker_ports_on(const struct docker_ports *ports, enum family family, uint8_t proto,
		     struct span port, addr_t host)
{
	struct docker_port key = { .family = family, .proto = proto, .port = port,
				   .host = host };

	return ports->n && bsearch(&key, ports->v, ports->n, sizeof(*ports->v), by_place);
}
