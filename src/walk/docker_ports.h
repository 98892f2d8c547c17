/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_H
#define DOCKFW_DOCKER_PORTS_H

#include "flow.h"

/*
 * The ports that Docker publishes, found from its rules and listeners before any walk.
 * exposure.c follows packets to them. Pure.
 */

struct docker_port {
	enum family family;
	uint8_t proto;
	struct span port;
	bool any_host; /* on every address of the host */
	bool direct;   /* neither translated nor proxied: host is the container's own address */
	bool has_dnat, has_proxy;
	addr_t host;
	enum family container_family;
	addr_t container;
	struct span container_port;
	char bridge[IFNAMSIZ]; /* the interface that leads to the container; empty: unknown */
	struct decider dnat;   /* if has_dnat */
	size_t order;          /* in which the ports were found: the first rule translates */
};

struct docker_ports {
	struct docker_port *v; /* owned; sorted by port, each once */
	size_t n, room;
	struct strings bridges;   /* Docker's, according to its rules */
};

/*
 * Collects the ports of the given families (bits 1U << FAMILY_…). Borrows the world; the
 * caller clears ports.
 */
void docker_ports_collect(const struct world *world, unsigned int families,
			  struct docker_ports *ports);
void docker_ports_clear(struct docker_ports *ports);
/* Whether the port is also published on just this address of the host. */
bool docker_ports_on(const struct docker_ports *ports, enum family family, uint8_t proto,
		     struct span port, addr_t host);

#endif
