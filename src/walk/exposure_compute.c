/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_compute.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "expose_direct.h"
#include "expose_places.h"
#include "exposure_run.h"

static void find_sections(struct compute *compute, const struct docker_port *port)
{
	const struct policy *policy = compute->policy;
	struct span published = port->direct ? port->published : port->port;

	compute->nsections = 0;
	for (size_t i = 0; policy && i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];

		if (section->proto != port->proto || section->port > published.hi ||
		    section->last < published.lo)
			continue;
		GROW(compute->sections, compute->nsections, compute->room);
		compute->sections[compute->nsections++] = section;
	}
}

/* A port on one address of the host, on a container's own address, or on a range of addresses. */
static void expose_place(struct compute *compute, const struct docker_port *port)
{
	struct addrrange hosts = { port->host, port->host + port->host_more };
	struct exposure exposure;

	exposure_describe(compute, port, &exposure);
	exposure_walk_range(compute, port, hosts, &exposure);
	exposure_add_host(&exposure, hosts);
	exposure.nearby = exposure_is_nearby(port->family, port->host, port->direct);
	exposure_conclude(&exposure, port->direct);
	exposure_keep_open(compute->list, &exposure);
}

/* A port on every address: one exposure for each group of addresses that fare alike. */
static void expose_everywhere(struct compute *compute, const struct docker_port *port)
{
	const struct equivalence *equivalence = &compute->equivalence[port->family];
	struct exposure_list *list = compute->list;
	size_t first = list->n, end;

	for (size_t i = 0; i < equivalence->nhosts; i++) {
		const struct host_class *class = &equivalence->hosts[i];
		struct exposure exposure, *same;
		size_t k = 0;

		while (k < class->n && exposure_has_own_entry(compute, port, class->v[k]))
			k++;
		if (k == class->n)
			continue;
		exposure_describe(compute, port, &exposure);
		exposure_walk_range(compute, port, class->v[k], &exposure);
		same = exposure_join(list, first, &exposure);
		for (; k < class->n; k++)
			if (!exposure_has_own_entry(compute, port, class->v[k]))
				exposure_add_host(same, class->v[k]);
	}
	end = list->n;
	expose_places(compute, port, first);
	if (list->n == first) {
		struct exposure exposure;

		exposure_describe(compute, port, &exposure);
		exposure_keep(list, &exposure);
		end = list->n;
	}
	for (size_t k = first; k < list->n; k++) {
		list->v[k].any_host = k < end && end == first + 1;
		exposure_conclude(&list->v[k], port->direct);
	}
	if (end == first + 1) {
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

/* Whether the port is among those of which wanted() is true: a direct one by where it is published. */
static bool part_has(const struct exposure_part *part, const struct docker_port *port)
{
	return !port->extra && part->wanted(part->data, port->family, port->proto,
					    port->direct ? port->published : port->port);
}

/* Drops the entries from that one on, which were made when the time was over. */
static void drop_from(struct exposure_list *list, size_t first)
{
	while (list->n > first) {
		exposure_free_ways(&list->v[--list->n]);
		free(list->v[list->n].hosts);
	}
}

static int compute_port(struct compute *compute, const struct docker_port *port)
{
	find_sections(compute, port);
	if (port->any_host)
		expose_everywhere(compute, port);
	else
		expose_place(compute, port);
	return deadline_check();
}

/* Only those of part, if it is not NULL. */
static int compute_each(struct compute *compute, bool only_proxied, struct exposure_part *part)
{
	const struct docker_ports *ports = compute->ports;
	int status = 0;

	for (size_t i = 0; part && i < ports->n; i++)
		part->ports += part_has(part, &ports->v[i]);
	for (size_t i = 0; i < ports->n && !status; i++) {
		size_t first = compute->list->n;

		if ((only_proxied && !ports->v[i].has_proxy) ||
		    (part && !part_has(part, &ports->v[i])))
			continue;
		status = compute_port(compute, &ports->v[i]);
		if (part && status)
			drop_from(compute->list, first);
		else if (part)
			part->done++;
	}
	return status;
}

/* inner: Docker's bridges count like any interface. */
static int compute_ports(const struct policy *policy, const struct world *world,
			 unsigned int families, bool only_proxied, bool inner,
			 struct exposure_part *part, struct exposure_list *list)
{
	struct docker_ports ports;
	struct compute compute = { .policy = policy, .world = world, .list = list };
	int status;

	*list = (struct exposure_list){ .sets = world->sets };
	docker_ports_collect(world, families, &ports);
	compute.ports = &ports;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (!(families & 1U << family))
			continue;
		walker_make(&list->walkers[family], world, family);
		list->walked[family] = true;
		find_nobody(world->info, family, &list->nobody[family]);
		equivalence_make(&compute.equivalence[family], &list->walkers[family].index,
				 &list->walkers[family].validation,
				 inner ? NULL : &ports.bridges);
		own_places_find(world->info, family, &compute.places[family]);
	}
	status = compute_each(&compute, only_proxied, part);
	if (!status && !only_proxied && !part)
		status = expose_direct(&compute, families);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		equivalence_clear(&compute.equivalence[family]);
		own_places_clear(&compute.places[family]);
	}
	free(compute.sections);
	docker_ports_clear(&ports);
	return status;
}

int exposure_compute(const struct policy *policy, const struct world *world,
		     unsigned int families, struct exposure_list *list)
{
	return compute_ports(policy, world, families, false, false, NULL, list);
}

int exposure_compute_proxied(const struct policy *policy, const struct world *world,
			     unsigned int families, bool inner, struct exposure_list *list)
{
	return compute_ports(policy, world, families, true, inner, NULL, list);
}

int exposure_compute_part(const struct policy *policy, const struct world *world,
			  unsigned int families, struct exposure_part *part,
			  struct exposure_list *list)
{
	part->ports = part->done = 0;
	return compute_ports(policy, world, families, false, false, part, list);
}
