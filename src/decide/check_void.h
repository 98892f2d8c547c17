/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_VOID_H
#define DOCKFW_CHECK_VOID_H

#include "finding.h"
#include "policy.h"

/*
 * With keep_rules and no rule in the policy: reports the rules with the mark that stay in DOCKER-USER
 * and in the guard although no rule is configured. own is as for guard_check(). Pure.
 */
void check_void(const struct policy *policy, const struct snapshot *snapshot,
		const struct snapshot *own, struct findings *findings);

#endif
