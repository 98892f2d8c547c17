/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_LEFTOVER_H
#define DOCKFW_CHECK_LEFTOVER_H

#include "dockerd.h"
#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/*
 * Reports what a change of Docker's firewall backend has left: chains of iptables, DOCKER-USER
 * and a policy DROP beside Docker's own nf_tables tables, or those tables beside iptables. Pure.
 *
 * dockerd 29 deletes at its start what it knows of the backend that it does not use, but neither
 * DOCKER-USER nor the policy of FORWARD; older ones do not know the tables. (moby:
 * bridge/internal/iptabler/cleaner.go, nftabler/cleaner.go.)
 *
 * snapshot is of the chosen backend, with Docker's own tables; other is the other backend's
 * filter tables, with FORWARD and the chains that it leads to loaded, or NULL.
 */
void check_leftover(const struct policy *policy, const struct snapshot *snapshot,
		    const struct snapshot *other, const struct dockerd *dockerd,
		    struct findings *findings);

#endif
