/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_NOTES_H
#define DOCKFW_CONFIG_NOTES_H

#include "policy.h"

/*
 * Warns of what a valid configuration has and hardly means: a chain that no rule leads to,
 * an empty rule, and an IPv4 address in the form of IPv6.
 */
void config_notes(const struct policy *policy);

#endif
