/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_mapped.h"

bool docker_port_maps(const struct docker_port *port, struct addrrange *containers)
{
	addr_t rest = containers->lo ^ containers->hi, last = port->host + port->host_more;

	/* Of a wider range, several hosts have the same container. */
	if (port->any_host || (port->host & ~rest) != (last & ~rest))
		return false;
	containers->hi = containers->lo | (last & rest);
	containers->lo |= port->host & rest;
	rest = containers->lo ^ containers->hi;
	return rest && !(rest & (rest + 1)) && !(containers->lo & rest);
}

bool docker_port_unmap(const struct docker_port *mapped, addr_t container, addr_t *host)
{
	if (container < mapped->container || container > mapped->container + mapped->container_more)
		return false;
	*host = mapped->host + (container - mapped->container);
	return true;
}

static void map_end(struct docker_ports *ports, size_t mapped, size_t end)
{
	struct docker_port port = ports->mapped[mapped];
	const struct docker_port *to = &ports->v[end];

	if (!to->direct || to->family != port.family || to->proto != port.proto ||
	    !docker_port_unmap(&port, to->host, &port.host))
		return;
	if (to->port.lo > port.port.lo)
		port.port.lo = to->port.lo;
	if (to->port.hi < port.port.hi)
		port.port.hi = to->port.hi;
	if (port.port.lo > port.port.hi)
		return;
	port.host_more = port.container_more = 0;
	port.container = to->host;
	port.container_port = port.port;
	port.order = ports->n;
	*docker_ports_add(ports) = port;
}

void docker_ports_map(struct docker_ports *ports)
{
	size_t n = ports->n;

	for (size_t m = 0; m < ports->nmapped; m++)
		for (size_t i = 0; i < n; i++)
			map_end(ports, m, i);
}
