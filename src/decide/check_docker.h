/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_DOCKER_H
#define DOCKFW_CHECK_DOCKER_H

#include "dockerd.h"
#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/* Adds the findings about Docker itself: its chains, its own nf_tables backend. Pure. */
void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct dockerd *dockerd, struct findings *findings);

#endif
