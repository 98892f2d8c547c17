/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_APART_H
#define DOCKFW_EXPOSURE_APART_H

#include "exposure.h"
#include "world.h"

/*
 * A rule that drops the members of a set that could not be read leaves everyone in doubt,
 * although a set is hardly the world. If a way is open to the world apart from the
 * members of such sets, this makes it so, and names one of them. Pure.
 */
void exposure_apart(const struct world *world, struct exposure_list *list,
		    const struct packet *packet, const struct addrset *sources,
		    struct exposed_way *way);

#endif
