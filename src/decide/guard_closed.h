/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_CLOSED_H
#define DOCKFW_GUARD_CLOSED_H

#include "ruleset.h"

/*
 * The guard (model/guard_names.h) of a host without a configuration, which --close-first
 * installs: its chain "forward" with one rule. Pure.
 */

/*
 * The rule: it rejects a new connection, in its original direction, whose destination was
 * translated. It has the mark. The caller frees it.
 */
struct rule *guard_closed_rule(enum family family);

/* Whether a table with the guard's name is that and nothing else; NULL is not. */
bool guard_is_closed(const struct table *table);

#endif
