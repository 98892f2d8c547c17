/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READ_SET_H
#define DOCKFW_READ_SET_H

#include "policy.h"
#include "ruleset.h"

/*
 * What has to be read to judge: pure. Docker's own chains can hold a hundred
 * thousand rules, and on a host that is right none of them matters.
 *
 * Returns a chain of a filter table that check() or plan() needs and that is
 * not loaded yet, with its table; NULL when there is all. The caller reads it
 * and asks again.
 */
struct chain *scope_next(const struct policy *policy, const struct snapshot *snapshot,
			 struct table **table);

#endif
