/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_SUMS_H
#define DOCKFW_EXPOSURE_SUMS_H

#include "exposure.h"

/* The totals of an exposure. Pure. */

struct exposure_sums {
	size_t ports;              /* published */
	/*
	 * Of them, by openness: that of the widest way to the container, which may be the one
	 * to its own address.
	 */
	size_t by[OPEN_ALL + 1];
	size_t unallowed; /* of them, open from outside although no publish section allows that */
	size_t direct;   /* entries for ports of containers' own addresses, which are no published ports */
	size_t networks; /* entries for networks, or parts of them */
};

void exposure_sums(const struct exposure_list *list, struct exposure_sums *sums);

#endif
