/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_H
#define DOCKFW_DOCKER_PORTS_H

#include "flow.h"

/*
 * The ports that Docker publishes, by its rules and its listeners, before any walk:
 * what exposure.c follows packets to. Pure.
 */

struct docker_port {
	enum family family;
	uint8_t proto;
	struct span port;
	bool any_host; /* on every address of the host */
	bool direct;   /* nothing leads there: host is the container's own address */
	bool has_dnat, has_proxy;
	addr_t host;
	enum family container_family;
	addr_t container;
	struct span container_port;
	char bridge[IFNAMSIZ]; /* the way to the container; empty: not known */
	struct decider dnat;   /* where has_dnat */
	size_t order;          /* in which they were found: the first rule translates */
};

struct docker_ports {
	struct docker_port *v; /* owned; sorted by port, each once */
	size_t n, room;
	struct strings bridges;   /* Docker's, by what its rules say */
};

/* Of those families (bits 1U << FAMILY_…); borrows the world; the caller clears ports. */
void docker_ports_collect(const struct world *world, unsigned int families,
			  struct docker_ports *ports);
void docker_ports_clear(struct docker_ports *ports);
/* Whether a port of one host address alone is published there, too. */
bool docker_ports_on(const struct docker_ports *ports, enum family family, uint8_t proto,
		     struct span port, addr_t host);

#endif
