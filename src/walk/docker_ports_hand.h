/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_HAND_H
#define DOCKFW_DOCKER_PORTS_HAND_H

#include "docker_port_list.h"
#include "led_places.h"
#include "world.h"

/*
 * The ports that rules of iptables lead to containers without Docker: to an address on one of
 * the bridges of ports, or to a port of the host on which docker-proxy listens. Pure.
 */

/*
 * Adds those of the table nat: of other chains than Docker's, and of Docker's those that it
 * does not write itself.
 */
void docker_ports_by_hand(const struct world *world, const struct table *nat,
			  struct docker_ports *ports);
/* Adds those of one rule, whose place is at, of the chain with that index of chains. */
void docker_ports_by_hand_rule(const struct world *world, const struct rule *rule,
			       const struct decider *at, struct led_chains *chains, size_t chain,
			       struct docker_ports *ports);

/* The new destination of a port. */
struct led_to {
	bool docker;   /* by Docker itself: every address is a container's, and no listener meant */
	bool host;     /* whatever address the host has there, as REDIRECT gives it */
	bool prefix;   /* else addr is a prefix, which takes the place of the old one … */
	struct addrrange addr; /* … or it is one of these */
	bool has_port; /* else the port stays */
	struct span port;
};
/*
 * Adds the port, of which family, protocol, port, host and dnat are filled in, if that is a
 * way to a container.
 */
void docker_ports_led(const struct world *world, const struct docker_port *port,
		      const struct led_to *to, struct docker_ports *ports);
/* The same for all places, of whose ports family and dnat are like this. */
void docker_ports_led_from(const struct world *world, const struct docker_port *like,
			   const struct led_places *places, const struct led_to *to,
			   struct docker_ports *ports);

#endif
