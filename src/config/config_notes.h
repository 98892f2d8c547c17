/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_NOTES_H
#define DOCKFW_CONFIG_NOTES_H

#include "policy.h"

/*
 * Warns of what a valid configuration has and hardly means: a chain that no rule leads to, and
 * an empty rule.
 */
void config_notes(const struct policy *policy);

#endif
