/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expose_direct.h"

#include <string.h>

#include "deadline.h"
#include "direct_ways.h"
#include "expose_mapped.h"

/* Whether the list has the network of which this is a part, and nothing else for the part. */
static bool told_by_network(const struct exposure_list *list, size_t first,
			    const struct exposure *exposure)
{
	for (size_t i = list->n; i-- > first;) {
		const struct exposure *network = &list->v[i];
		addr_t end = netinfo_prefix_end(network->family, network->network, network->length);

		if (network->family == exposure->family && network->network <= exposure->network &&
		    end >= exposure->network && network->length <= exposure->length &&
		    (!network->proto || network->proto == exposure->proto) &&
		    (span_equal(network->port, SPAN_ALL) ||
		     span_equal(network->port, exposure->port)))
			return exposure_same_sources(network, exposure);
	}
	return false;
}

/* Whether the list has an entry for this address and port already. */
static bool is_listed(const struct exposure_list *list, const struct exposure *exposure)
{
	if (netinfo_prefix_end(exposure->family, exposure->network, exposure->length) !=
	    exposure->network)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *other = &list->v[i];

		if (other->extra && !other->length && other->family == exposure->family &&
		    other->container == exposure->container && other->proto == exposure->proto &&
		    span_equal(other->port, exposure->port))
			return true;
	}
	return false;
}

/* Follows a packet to a container's own address that stands for a part of a network. */
static void walk_way(struct compute *compute, const struct direct_way *way, uint8_t proto,
		     struct exposure *exposure)
{
	uint16_t to_port = way->to_port[direct_proto_of(proto)];
	struct docker_port port = {
		.family = way->family, .container_family = way->family, .proto = proto,
		.port = { to_port, to_port }, .direct = true, .extra = true,
		.host = way->to, .container = way->to,
	};

	port.published = port.container_port = port.port;
	memcpy(port.bridge, way->bridge, IFNAMSIZ);
	compute->nsections = 0;
	exposure_describe(compute, &port, exposure);
	exposure_walk_port(compute, &port, way->to, exposure);
	exposure->nearby = exposure_is_nearby(way->family, way->network, true);
	exposure->port = exposure->container_port = way->port;
	exposure->network = exposure->container = way->network;
	exposure->length = way->length;
	exposure_conclude(exposure, true);
}

/* first: of the ways in the list. */
static void expose_way(struct compute *compute, const struct direct_way *way, size_t first)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct exposure made[ARRAY_SIZE(protos)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if ((!way->proto || way->proto == protos[i]) &&
		    way->to_port[direct_proto_of(protos[i])])
			walk_way(compute, way, protos[i], &made[n++]);
	if (n == 2 && exposure_same_sources(&made[0], &made[1])) {
		exposure_free_ways(&made[1]);
		made[0].proto = 0;
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (told_by_network(compute->list, first, &made[i]) ||
		    is_listed(compute->list, &made[i]))
			exposure_free_ways(&made[i]);
		else
			exposure_keep_open(compute->list, &made[i]);
	}
}

int expose_direct(struct compute *compute, unsigned int families)
{
	struct direct_ways ways;
	size_t first = compute->list->n;
	int status = 0;

	direct_ways_collect(compute->world, families, compute->ports, &ways);
	for (size_t i = 0; i < ways.n && !status; i++) {
		expose_way(compute, &ways.v[i], first);
		status = deadline_check();
	}
	if (!status)
		status = expose_mapped(compute, &ways);
	direct_ways_clear(&ways);
	return status;
}
