/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_DOCKER_H
#define DOCKFW_CHECK_DOCKER_H

#include "dockerd.h"
#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/* Adds the findings about Docker itself: whether its chains, or its own tables, are whole. Pure. */
void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct dockerd *dockerd, struct findings *findings);
/*
 * Adds a finding if dockerd runs and makes no rules, and none of its bridges is known, though
 * direct = "refuse" is about them; policy is that of closing_policy(). Pure.
 */
void check_docker_bridges(const struct policy *policy, const struct snapshot *snapshot,
			  const struct dockerd *dockerd, struct findings *findings);
/*
 * Adds a finding for each family in which Docker decides in its own nf_tables table and the
 * guard is not right. own is as for guard_check(). Pure.
 */
void check_docker_native(const struct policy *policy, const struct snapshot *snapshot,
			 const struct snapshot *own, struct findings *findings);

#endif
