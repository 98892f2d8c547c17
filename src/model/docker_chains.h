/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_CHAINS_H
#define DOCKFW_DOCKER_CHAINS_H

#include "ruleset.h"

/* The names of Docker's chains and tables, and what a name alone reveals. No I/O. */

#define DOCKER_USER "DOCKER-USER"

/* Since 28.0.1 FORWARD jumps to this one, which jumps to Docker's other chains. */
#define DOCKER_FORWARD "DOCKER-FORWARD"

/* The table of Docker's own nf_tables backend, in each of the families ip and ip6. */
#define DOCKER_NFT_TABLE "docker-bridges"

/* Whether the name is DOCKER, or starts with DOCKER- and is not DOCKER-USER. */
bool docker_owns_chain(const char *name);
/* Whether the table has such a chain; a NULL table has none. */
bool docker_owns_any(const struct table *table);

/*
 * Whether it is the unconditional, unmarked RETURN that dockerd up to 28.2.1 puts at
 * the end of DOCKER-USER.
 */
bool docker_is_closing(const struct chain *chain, size_t index);

#endif
