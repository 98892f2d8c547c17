/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_HAND_H
#define DOCKFW_DOCKER_PORTS_HAND_H

#include "docker_port_list.h"
#include "ruleset.h"

/*
 * Collects the ports that rules of iptables lead to containers without Docker: those in other
 * chains of the table nat than Docker's, and those in Docker's that it does not write itself.
 * They count if they lead to one of the bridges of ports. Pure.
 */
void docker_ports_by_hand(const struct table *nat, const struct netinfo *info,
			  struct docker_ports *ports);

#endif
