/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_CHAINS_H
#define DOCKFW_DOCKER_CHAINS_H

#include "ruleset.h"

/* The names of Docker's chains, tables and bridges, and what a name alone reveals. No I/O. */

#define DOCKER_USER "DOCKER-USER"

/* Since 28.0.1 FORWARD jumps to this one, which jumps to Docker's other chains. */
#define DOCKER_FORWARD "DOCKER-FORWARD"

/*
 * The table of Docker's own nf_tables backend, in each of the families ip and ip6, and its
 * chains that decide on forwarded packets and translate. One chain for each network ends with
 * the name of its bridge. moby: daemon/libnetwork/drivers/bridge/internal/nftabler.
 */
#define DOCKER_NFT_TABLE "docker-bridges"
#define DOCKER_NFT_FORWARD "filter-FORWARD"
#define DOCKER_NFT_PREROUTING "nat-PREROUTING"
#define DOCKER_NFT_BRIDGE "filter-forward-in__"

/*
 * Whether some release of dockerd creates a chain of that name, and flushes and removes it.
 * DOCKER-USER is not one of them, and neither is any other name that begins with DOCKER-:
 * what such a chain does is for its rules to say. moby: libnetwork/drivers/bridge,
 * libnetwork/drivers/overlay/filter.go, libnetwork/service_linux.go.
 */
bool docker_owns_chain(const char *name);
/* Whether the table has such a chain; a NULL table has none. */
bool docker_owns_any(const struct table *table);

/*
 * Whether dockerd itself gives a bridge that name: "docker0", "docker_gwbridge", "br-" and 12
 * digits of a network's ID. A network may have a bridge with another name, by an option.
 */
bool docker_names_bridge(const char *name);

/*
 * Whether it is the unconditional, unmarked RETURN that dockerd up to 28.2.1 puts at
 * the end of DOCKER-USER.
 */
bool docker_is_closing(const struct chain *chain, size_t index);

#endif
