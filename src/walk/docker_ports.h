/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_H
#define DOCKFW_DOCKER_PORTS_H

#include "docker_port_list.h"
#include "world.h"

/*
 * The ports that Docker publishes, found from its rules and listeners before any walk.
 * exposure.c follows packets to them. Pure.
 */

/*
 * Collects the ports of the given families (bits 1U << FAMILY_…). Borrows the world; the
 * caller clears ports.
 */
void docker_ports_collect(const struct world *world, unsigned int families,
			  struct docker_ports *ports);

#endif
