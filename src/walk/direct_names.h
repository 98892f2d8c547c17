/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIRECT_NAMES_H
#define DOCKFW_DIRECT_NAMES_H

#include "direct_spans.h"
#include "docker_ports.h"
#include "world.h"

/*
 * What the rules of one family name of the destinations of packets that nobody translates:
 * prefixes and ports. What is not named of a network fares alike. Pure.
 */

struct named_prefix {
	addr_t addr;
	unsigned int length;
	/* Rules may decide on its ports; else what they do there is an entry of docker_ports. */
	bool ports;
};

struct direct_names {
	struct named_prefix *prefixes; /* owned; sorted: the wider one first */
	size_t nprefixes, room;
	struct direct_spans spans;     /* owned */
};

void direct_names_make(struct direct_names *names, const struct world *world,
		       const struct docker_ports *ports, enum family family);
void direct_names_clear(struct direct_names *names);

#endif
