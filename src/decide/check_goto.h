/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_GOTO_H
#define DOCKFW_CHECK_GOTO_H

#include "finding.h"
#include "forward.h"
#include "ruleset.h"

/*
 * Reports the gotos of FORWARD to DOCKER-USER that keep packets from the rules after them. They
 * are the administrator's, and no repair changes them. Pure.
 * Nothing is reported before the jump is right: to delete the goto first would leave packets
 * that never get to DOCKER-USER.
 */
void check_gotos(const struct policy *policy, struct reach *reach, const struct table *table,
		 const struct forward *forward, enum backend_kind kind, struct findings *findings);

/* Whether a rule of FORWARD is such a goto: what it leads to must then be known, and the rest. */
bool is_user_goto(const struct rule *rule);

#endif
