/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_NOTES_H
#define DOCKFW_CONFIG_NOTES_H

#include "policy.h"

/*
 * Warns of what a valid configuration has and hardly means: a chain that no rule leads to,
 * an empty rule, an IPv4 address in the form of IPv6, and a network that is written as an
 * address in it.
 */
void config_notes(const struct policy *policy);
/* Warns of targets that the kernel does not take in filter: where it is not tried. */
void config_notes_tables(const struct policy *policy);

#endif
