/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PRINT_H
#define DOCKFW_CONFIG_PRINT_H

#include <stdio.h>

#include "policy.h"

/*
 * Writes the policy as a configuration, each rule as iptables would list it and
 * publish sections as their rules: given as configuration, it gives the same
 * rules and the same print again. A rule that is not what iptables lists for it
 * is written in its own words, with a warning. Returns -1, said, where the rules
 * cannot be written as text; whether out took it all is the caller's to ask.
 */
int config_print(const struct policy *policy, FILE *out);

#endif
