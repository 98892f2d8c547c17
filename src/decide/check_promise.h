/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_PROMISE_H
#define DOCKFW_CHECK_PROMISE_H

#include "finding.h"
#include "policy.h"
#include "reach.h"

/*
 * Reports each chain that others fill, in which a rule can accept although its section has
 * verdicts = "refuse", if FORWARD leads to it before DOCKER-USER, or a configured chain before
 * rules that may refuse. The table is that of the reach; chains that are not loaded are taken as
 * promised. Pure.
 */
void check_promises(const struct policy *policy, struct reach *reach, struct findings *findings);

#endif
