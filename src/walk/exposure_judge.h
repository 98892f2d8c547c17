/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_JUDGE_H
#define DOCKFW_EXPOSURE_JUDGE_H

#include "exposure.h"
#include "world.h"

/* Derives from what became of packets who gets in, and what decides; the pool owns the sets. Pure. */
void exposure_judge(const struct world *world, struct addrpool *pool, const struct fate *fate,
		    struct exposed_way *way);

#endif
