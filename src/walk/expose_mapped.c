/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expose_mapped.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "docker_ports_mapped.h"

static struct span common(struct span a, struct span b)
{
	return (struct span){ a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi };
}

/* What the list has from first on of which this is a part; NULL: nothing. */
static const struct exposure *whole_of(const struct exposure_list *list, size_t first,
				       const struct exposure *exposure)
{
	for (size_t i = list->n; i-- > first;) {
		const struct exposure *whole = &list->v[i];

		if (whole->container <= exposure->container &&
		    whole->container + whole->container_more >=
			    exposure->container + exposure->container_more &&
		    whole->port.lo <= exposure->port.lo && whole->port.hi >= exposure->port.hi)
			return whole;
	}
	return NULL;
}

/* Whether the same rule has led to the end of a container that is known. */
static bool has_ends(const struct docker_ports *ports, const struct docker_port *mapped)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->v[i].has_dnat && ports->v[i].dnat.rule == mapped->dnat.rule &&
		    ports->v[i].dnat.native == mapped->dnat.native)
			return true;
	return false;
}

static void drop(struct exposure *exposure)
{
	exposure_free_ways(exposure);
	free(exposure->hosts);
}

/* Follows packets to these of the ports, at these of the hosts. */
static void follow(struct compute *compute, const struct docker_port *part, struct addrrange hosts,
		   struct span ports, struct exposure *exposure)
{
	struct docker_port port = *part;

	compute->nsections = 0;
	exposure_describe(compute, part, exposure);
	port.port = ports;
	exposure_walk_range(compute, &port, hosts, exposure);
	exposure_add_host(exposure, (struct addrrange){ part->host, part->host + part->host_more });
	exposure->nearby = exposure_is_nearby(part->family, hosts.lo, false);
	exposure_conclude(exposure, false);
}

/*
 * The packet that stands for the part of a network has come to an end where no one gets in.
 * That is reported of the whole only if it is so for every packet.
 */
static void keep_closed(struct compute *compute, const struct docker_port *part,
			const struct docker_port *mapped, struct exposure *exposure)
{
	struct addrrange hosts = { part->host, part->host + part->host_more };

	drop(exposure);
	follow(compute, part, hosts, part->port, exposure);
	if (exposure->openness == OPEN_NOBODY || !has_ends(compute->ports, mapped))
		exposure_keep(compute->list, exposure);
	else
		drop(exposure);
}

struct mapping {
	const struct docker_port *mapped;
	size_t first;           /* of its entries in the list */
	struct addrrange whole; /* the containers of the latest part that is a part of nothing */
};

static void expose_part(struct compute *compute, struct mapping *mapping,
			const struct direct_way *way)
{
	const struct docker_port *mapped = mapping->mapped;
	struct docker_port part = *mapped;
	uint16_t to_port = way->to_port[direct_proto_of(mapped->proto)];
	struct span ports = { to_port, to_port };
	addr_t end = netinfo_prefix_end(way->family, way->network, way->length), host, last;
	const struct exposure *whole;
	struct exposure exposure;

	part.port = part.container_port = common(mapped->port, way->port);
	if (way->family != mapped->family || (way->proto && way->proto != mapped->proto) ||
	    !to_port || part.port.lo > part.port.hi || !docker_port_unmap(mapped, way->network, &part.host) ||
	    !docker_port_unmap(mapped, end, &last) || !docker_port_unmap(mapped, way->to, &host))
		return;
	part.host_more = part.container_more = last - part.host;
	part.container = way->network;
	memcpy(part.bridge, way->bridge, IFNAMSIZ);
	if (ports.lo < part.port.lo || ports.hi > part.port.hi)
		ports = part.port;
	follow(compute, &part, (struct addrrange){ host, host }, ports, &exposure);
	whole = whole_of(compute->list, mapping->first, &exposure);
	if (exposure.openness == OPEN_NOBODY && !whole) {
		if (way->network > mapping->whole.hi || end < mapping->whole.lo)
			keep_closed(compute, &part, mapped, &exposure);
		else
			drop(&exposure);
	} else if (whole && exposure_same_sources(whole, &exposure)) {
		drop(&exposure);
	} else {
		exposure_keep(compute->list, &exposure);
	}
	if (way->network > mapping->whole.hi || end < mapping->whole.lo)
		mapping->whole = (struct addrrange){ way->network, end };
}

int expose_mapped(struct compute *compute, const struct direct_ways *ways)
{
	const struct docker_ports *ports = compute->ports;
	int status = 0;

	for (size_t m = 0; m < ports->nmapped; m++) {
		struct mapping mapping = { .mapped = &ports->mapped[m], .first = compute->list->n,
					   .whole = { 1, 0 } };

		for (size_t i = 0; i < ways->n && !status; i++) {
			expose_part(compute, &mapping, &ways->v[i]);
			status = deadline_check();
		}
	}
	return status;
}
