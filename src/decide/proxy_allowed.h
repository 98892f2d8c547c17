/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROXY_ALLOWED_H
#define DOCKFW_PROXY_ALLOWED_H

#include "exposure.h"
#include "policy.h"
#include "world.h"

/*
 * Ports that docker-proxy answers and that the policy leaves to the host's own firewall
 * ("host-firewall"): INPUT is what decides on them, so a way by which the configuration refuses
 * nobody who gets in counts as allowed. Not where nothing filters INPUT. The same answer as that
 * of the check (proxy-bypass). Pure.
 */
void proxy_allow(const struct policy *policy, const struct world *world,
		 struct exposure_list *list);

#endif
