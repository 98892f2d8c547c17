/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROXIES_H
#define DOCKFW_PROXIES_H

#include <sys/types.h>

#include "addrset.h"

/*
 * docker-proxy: Docker's listeners on the host's own ports. No I/O;
 * host/docker_proxies.h reads them.
 */

struct proxy {
	enum family family; /* the family it listens in */
	uint8_t proto;
	bool any;           /* listens on every address of the family … */
	addr_t host;        /* … or only on this one */
	uint16_t port;
	enum family container_family;
	addr_t container;
	uint16_t container_port;
	pid_t pid;
};

struct proxies {
	struct proxy *v; /* owned */
	size_t n, room;
};

void proxies_clear(struct proxies *proxies);
/* Call after the last one is added. */
void proxies_sort(struct proxies *proxies);

/* Whether both have the same proxies, as the same processes. Both are sorted. */
bool proxies_same(const struct proxies *a, const struct proxies *b);

/* A proxy that takes connections to that address and port, or NULL. */
const struct proxy *proxies_find(const struct proxies *proxies, enum family family, uint8_t proto,
				 addr_t addr, uint16_t port);

#endif
