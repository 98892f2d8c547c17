/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ON_ERROR_H
#define DOCKFW_ON_ERROR_H

#include "policy.h"

/*
 * What on-error = "close" does about a rule that cannot be put in. Only a rule that refuses
 * packets, or that leads to one that does, is replaced: by the policy's closing rule, for
 * the interface of the rule or for those of outside. Pure.
 */

/*
 * Inserts the replacement of wanted at that index of the rules, which wanted may be one of;
 * nothing if there is none, or if an earlier rule already does the same.
 */
void on_error_close(const struct policy *policy, enum family family, struct wanted_rules *rules,
		    size_t place, const struct wanted_rule *wanted);

/* What happens in the place of such a rule, as a part of a sentence; a constant. */
const char *on_error_said(const struct policy *policy, enum family family, const struct rule *rule);

#endif
