/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LOSSES_H
#define DOCKFW_LOSSES_H

#include "access.h"
#include "policy.h"

/*
 * Who loses access by a repair: adds each rule of others in a configured
 * chain that lets packets pass now and before which a repair puts a rule that may refuse
 * some of them. Not if a configured rule before that lets all of them pass. Pure.
 */
void losses_add(const struct policy *policy, const struct snapshot *snapshot,
		struct access_changes *losses);

#endif
