/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GAINS_H
#define DOCKFW_GAINS_H

#include "access.h"
#include "policy.h"

/*
 * Who gains access by a repair: adds each ban in FORWARD before which it puts
 * the jump to DOCKER-USER, though DOCKER-USER may accept what the ban refuses. That is only so
 * if a rule before the ban lets new connections through to containers. Pure.
 */
void gains_add(const struct policy *policy, const struct snapshot *snapshot,
	       struct access_changes *gains);

#endif
