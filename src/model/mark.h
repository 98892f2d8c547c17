/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MARK_H
#define DOCKFW_MARK_H

/*
 * The comment that marks a rule as installed by this program, so that it is recognized
 * as stale once it is no longer configured. It follows the rule's own matches. The bare
 * jump in FORWARD is not marked, since dockerd recognizes only that form of it. See
 * rule_is_marked().
 */
#define RULE_MARK "dockfw"

#endif
