/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MARK_H
#define DOCKFW_MARK_H

/*
 * The comment that marks a rule as put in by this program, so that one that leaves the
 * configuration is known as stale. It comes after the rule's own matches; the bare jump
 * in FORWARD has none, since dockerd knows no other form of it. See rule_is_marked().
 */
#define RULE_MARK "dockfw"

#endif
