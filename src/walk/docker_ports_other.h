/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_OTHER_H
#define DOCKFW_DOCKER_PORTS_OTHER_H

#include "docker_port_list.h"
#include "world.h"

/*
 * The ports that tables other than those of iptables publish: Docker's own of nf_tables, or
 * another program's that leads to a container. Each function adds to the ports. Pure.
 */

/*
 * Adds the ports that rules of these tables translate: of Docker's own, or of the others, of
 * which only those to one of the bridges or to docker-proxy count.
 */
void docker_ports_from_others(const struct world *world, enum family family, bool docker,
			      struct docker_ports *ports);

/*
 * The same for rules of nf_tables in the table nat of iptables: those in Docker's own chains,
 * or the others.
 */
void docker_ports_followed(const struct world *world, const struct table *nat, bool docker,
			   struct docker_ports *ports);

/*
 * Adds the bridges of the families (bits 1U << FAMILY_…). Docker's own table has chains for
 * each of its bridges, with the name of the bridge after two underscores (moby:
 * libnetwork/drivers/bridge/internal/nftabler/network.go). others may be NULL.
 */
void docker_ports_other_bridges(const struct other_filters *others, unsigned int families,
				struct docker_ports *ports);

/*
 * Adds the ports that rules of the chain accept for a container, at its own address. Of other
 * tables than Docker's, only the rules about a network of one of the bridges count.
 */
void docker_ports_other_accepts(const struct world *world, enum family family,
				const struct other_chain *chain, struct docker_ports *ports);

#endif
