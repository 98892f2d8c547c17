/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_FILTERED_H
#define DOCKFW_HOST_FILTERED_H

#include "world.h"

/*
 * Whether the host has a firewall of its own in that family: a chain that a packet for the host
 * comes to drops by its policy, or leads to a rule that can refuse or do anything. What dockerd
 * drops there, packets of its overlay networks that are not encrypted, does not count. world
 * is that of a struct host_world. Pure.
 */
bool host_is_filtered(const struct world *world, enum family family);

#endif
