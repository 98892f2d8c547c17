/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSES_H
#define DOCKFW_EXPOSES_H

#include "policy.h"
#include "reach.h"

/*
 * Whether a rule of FORWARD that can accept can do so for a new connection to a container
 * that has not been through DOCKER-USER. Pure. The conditions of the rule and of those in the
 * chains that it leads to are weighed together, as far as they are states or interfaces. False
 * only if it certainly cannot: states exclude new connections, two conditions exclude each
 * other, or an -o names an interface that is not one of Docker's bridges.
 */
bool rule_exposes(const struct policy *policy, struct reach *reach, const struct table *table,
		  const struct rule *rule);

/*
 * Whether packets that leave by the interface may go to a container: Docker's rules name it as
 * a bridge, or its name is one that Docker gives by default, or none of Docker's rules names
 * any (28.0.0 has them in a set).
 */
bool may_be_docker_bridge(struct reach *reach, const struct table *table,
			  const struct interface *out);

#endif
