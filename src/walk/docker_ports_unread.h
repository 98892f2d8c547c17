/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_PORTS_UNREAD_H
#define DOCKFW_DOCKER_PORTS_UNREAD_H

#include "world.h"

/*
 * Rules of nf_tables that may give packets from outside another destination, and of which it is
 * not known which one: what they publish is not among the ports. Pure.
 */

/* Adds a sentence for each of the families (bits 1U << FAMILY_…) that has such a rule. */
void docker_ports_unread(const struct world *world, unsigned int families, struct strings *texts);

#endif
