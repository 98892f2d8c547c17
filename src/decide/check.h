/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_H
#define DOCKFW_CHECK_H

#include "dockerd.h"
#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/* Adds a finding for everything that is wrong in the snapshot. Pure. */
void check(const struct policy *policy, const struct snapshot *snapshot,
	   const struct dockerd *dockerd, struct findings *findings);

#endif
