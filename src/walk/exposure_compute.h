/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_COMPUTE_H
#define DOCKFW_EXPOSURE_COMPUTE_H

#include "exposure.h"
#include "policy.h"
#include "world.h"

/*
 * Fills in the list for the given families (bits 1U << FAMILY_…). The world must live
 * as long as the list. The policy, or NULL, says which ports are open on purpose.
 * Returns 0, or -1 after reporting that the time is over; clear the list in any case.
 */
int exposure_compute(const struct policy *policy, const struct world *world,
		     unsigned int families, struct exposure_list *list);
/*
 * The same, but only for the published ports of which wanted() is true, and without what is
 * directly reachable besides them. If the time ends, the list has the ports that were
 * followed to the end.
 */
struct exposure_part {
	bool (*wanted)(const void *data, enum family family, uint8_t proto, struct span port);
	const void *data;
	size_t ports, done; /* results: how many there are, and how many were followed */
};
int exposure_compute_part(const struct policy *policy, const struct world *world,
			  unsigned int families, struct exposure_part *part,
			  struct exposure_list *list);
/*
 * As exposure_compute(), but only for the ports that a docker-proxy listens on. With inner, also
 * for packets of containers that come in on Docker's own bridges.
 */
int exposure_compute_proxied(const struct policy *policy, const struct world *world,
			     unsigned int families, bool inner, struct exposure_list *list);

#endif
