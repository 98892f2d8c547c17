/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_HOST_H
#define DOCKFW_EXPOSURE_HOST_H

#include "exposure.h"
#include "policy.h"
#include "world.h"

/*
 * Where the guard decides for the host's own firewall ("host-firewall"), finds what decides
 * there, for the ways of the list; a way that lets in nobody else counts as allowed. Pure.
 */
void exposure_host(const struct policy *policy, const struct world *world,
		   struct exposure_list *list);

#endif
