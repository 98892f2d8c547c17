/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_WORLD_H
#define DOCKFW_HOST_WORLD_H

#include "world.h"

/*
 * The world as packets for the host itself meet it: the snapshot without the guard and
 * without Docker's translations. Borrows from the world that it is made of; the caller
 * clears it, after all that uses it.
 */
struct host_world {
	struct world world;
	struct snapshot *snapshot; /* owned, without what it borrows */
	struct other_filters others;
	struct chain **emptied; /* owned: Docker's chains, without their rules */
	size_t nemptied, emptied_room;
};
void host_world_make(struct host_world *host, const struct world *world);
void host_world_clear(struct host_world *host);

#endif
