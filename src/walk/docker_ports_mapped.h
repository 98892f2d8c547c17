/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_MAPPED_H
#define DOCKFW_DOCKER_PORTS_MAPPED_H

#include "docker_port_list.h"

/*
 * The ports that a rule leads to containers that puts one prefix in the place of another, as
 * NETMAP does: each address of the one belongs to the same address of the other. Pure.
 */

/*
 * containers: the prefix that the rule of the port has as the new one. It becomes those of its
 * addresses that belong to the hosts of the port. Returns whether these are a prefix of several
 * addresses, each of which belongs to one host.
 */
bool docker_port_maps(const struct docker_port *port, struct addrrange *containers);
/* The host of a mapped port to which that address of a container belongs; false: there is none. */
bool docker_port_unmap(const struct docker_port *mapped, addr_t container, addr_t *host);
/* Adds the ports that the mapped ones lead to the ends of containers that are known. */
void docker_ports_map(struct docker_ports *ports);

#endif
