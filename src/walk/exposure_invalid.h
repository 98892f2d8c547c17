/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_INVALID_H
#define DOCKFW_EXPOSURE_INVALID_H

#include "exposure.h"
#include "world.h"

/*
 * A UDP packet over IPv6 with the length 0 is INVALID to connection tracking, and the host
 * takes it all the same: so a rule about new connections does not close a port that
 * docker-proxy answers. This adds the sources that get in only so. Does nothing for other
 * protocols, for IPv4, or if everyone gets in. Pure.
 */
void exposure_invalid(const struct world *world, struct walker *walker,
		      const struct packet *packet, const struct addrset *sources,
		      struct exposed_way *way);

#endif
