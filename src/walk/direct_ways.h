/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIRECT_WAYS_H
#define DOCKFW_DIRECT_WAYS_H

#include "direct_spans.h"
#include "docker_ports.h"
#include "world.h"

/*
 * Which packets to follow to see what gets through to the containers' own addresses,
 * on ports that nobody publishes. Pure.
 *
 * The rules divide a container network: into the prefixes and addresses that they name as
 * a destination, and into the ports that they name. Of each part one packet is enough,
 * for an address and a port that no rule of a smaller part names.
 */

struct direct_way {
	enum family family;
	uint8_t proto;        /* 0: every protocol */
	addr_t network;
	unsigned int length;  /* of the prefix */
	struct span port;     /* SPAN_ALL: every port that no other way is about */
	addr_t to;            /* the address of the packet that stands for all, and … */
	/* … for each protocol its port; 0: other ways are about all of its ports. */
	uint16_t to_port[DIRECT_PROTOS];
	char bridge[IFNAMSIZ];
};

struct direct_ways {
	struct direct_way *v; /* owned; a part comes after what it is a part of */
	size_t n, room;
};

/*
 * Collects the ways to the networks of the bridges of ports, in the given families (bits
 * 1U << FAMILY_…), of which those to which a prefix is mapped are parts. The caller clears
 * ways.
 */
void direct_ways_collect(const struct world *world, unsigned int families,
			 const struct docker_ports *ports, struct direct_ways *ways);
void direct_ways_clear(struct direct_ways *ways);

#endif
