/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_FAMILIES_H
#define DOCKFW_DOCKER_FAMILIES_H

#include "backend.h"
#include "policy.h"

/*
 * Reads in which families Docker has chains, configured or not, and in which the host
 * forwards to its bridges, and what a repair has left in those that are not, into
 * policy->docker. Returns 0, or -1 after reporting why.
 */
int docker_families_read(backend_list backends, enum backend_kind kind, struct policy *policy);

#endif
