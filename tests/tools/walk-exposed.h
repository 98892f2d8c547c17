/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the exposure of a walk-proof's host with what the kernel did with its packets.
 */
#ifndef WALK_EXPOSED_H
#define WALK_EXPOSED_H

#include "exposure_compute.h"
#include "walk-draw.h"

static const struct exposed_way *way_of(const struct exposure *exposure, const struct probe *probe)
{
	for (size_t i = 0; i < exposure->nways; i++)
		for (size_t j = 0; j < exposure->ways[i].nifs; j++)
			if (!strcmp(exposure->ways[i].ifs[j]->name, host_ifs[probe->way]))
				return &exposure->ways[i];
	return NULL;
}

static bool in_span(const struct span *span, uint16_t port)
{
	return port >= span->lo && port <= span->hi;
}

/* Whether the entry is about connections that end there. */
static bool leads_to(const struct exposure *exposure, const struct probe *probe)
{
	unsigned int free_bits = (run.family == FAMILY_IPV4 ? 32 : 128) - exposure->length;

	if (exposure->container_family != run.family ||
	    (exposure->proto && exposure->proto != probe->trace.packet.proto) ||
	    !in_span(&exposure->container_port, probe->seen.dport))
		return false;
	if (exposure->length)
		return exposure->network >> free_bits == probe->seen.dst >> free_bits;
	return exposure->container == probe->seen.dst;
}

/* Whether the packet is sent to the published port, or to the container itself. */
static bool is_for(const struct exposure *exposure, const struct probe *probe)
{
	const struct packet *packet = &probe->trace.packet;
	addr_t dst = packet->dst.lo;

	if (exposure->length || exposure->proto != packet->proto ||
	    !in_span(&exposure->port, packet->dport.lo))
		return false;
	if (exposure->answers == ANSWERS_DIRECT)
		return exposure->container == dst;
	if (exposure->any_host)
		return dst == address("198.51.100.10") || dst == address("2001:db8:1::10");
	for (size_t i = 0; i < exposure->nhosts; i++)
		if (dst >= exposure->hosts[i].lo && dst <= exposure->hosts[i].hi)
			return true;
	return false;
}

static bool may_enter(const struct exposure *exposure, const struct probe *probe)
{
	const struct exposed_way *way = way_of(exposure, probe);

	return way && (addrset_has(way->open, probe->trace.src) ||
		       addrset_has(way->maybe, probe->trace.src));
}

/* Whether it went to a container, and not to its address by way of the default route. */
static bool is_in_network(addr_t dst)
{
	return is_container(dst) && dst != container(N3, 0) && dst != container(N3, 1);
}

/*
 * With rules of others, a port of a network may fare unlike the one that stands for all of
 * them, and what they translate is listed only if it is plain.
 */
static bool must_be_listed(const struct probe *probe)
{
	return probe->seen.forwarded && is_in_network(probe->seen.dst) && !has(PART_OWN) &&
	       !has(PART_BESIDE);
}

/*
 * What is wrong with the exposure; NULL: nothing. Who reaches a container from outside is
 * listed, and who is listed for certain reaches it.
 */
static const char *exposure_differs(const struct exposure_list *list, const struct probe *probe)
{
	bool listed = false;

	if (way_is_bridge(probe->way) || is_icmp(&probe->trace.packet) || probe->odd)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *exposure = &list->v[i];
		const struct exposed_way *way = way_of(exposure, probe);

		listed |= probe->seen.forwarded && leads_to(exposure, probe) && may_enter(exposure, probe);
		if (!probe->seen.forwarded && way && is_for(exposure, probe) &&
		    addrset_has(way->open, probe->trace.src))
			return "EXPOSURE lists one that does not get in";
	}
	if (!listed && must_be_listed(probe))
		return "EXPOSURE lacks one that gets in";
	return NULL;
}

#endif
