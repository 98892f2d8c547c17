/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIRECT_NAMES_H
#define DOCKFW_DIRECT_NAMES_H

#include "docker_ports.h"
#include "world.h"

/*
 * What the rules of one family name of the destinations of packets that nobody translates:
 * prefixes and ports. What is not named of a network fares alike. Pure.
 */

#define DIRECT_SPANS_MAX 64
#define DIRECT_PORTS 65536

struct named_prefix {
	addr_t addr;
	unsigned int length;
	/* Rules may decide on its ports; else what they do there is an entry of docker_ports. */
	bool ports;
};

/* A span of ports that a rule may let through. */
struct named_span {
	uint8_t proto; /* 0: every protocol */
	struct span port;
};

struct direct_names {
	struct named_prefix *prefixes; /* owned; sorted: the wider one first */
	size_t nprefixes, room;
	struct named_span spans[DIRECT_SPANS_MAX];
	size_t nspans;
	uint32_t *narrowest; /* owned; for each port, the size of the smallest span with it */
};

void direct_names_make(struct direct_names *names, const struct world *world,
		       const struct docker_ports *ports, enum family family);
void direct_names_clear(struct direct_names *names);

uint32_t direct_span_size(struct span span);

#endif
