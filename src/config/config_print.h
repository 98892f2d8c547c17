/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_PRINT_H
#define DOCKFW_CONFIG_PRINT_H

#include <stdio.h>

#include "policy.h"

/*
 * Writes the policy as a configuration, each rule as iptables would list it. The rules
 * of publish sections and of unlisted are comments. Read back, it gives the same rules
 * and prints the same again. If iptables' listing of a rule would give a different rule, the
 * rule is written as in the configuration, with a warning. Returns -1 after
 * reporting why if the rules cannot be written as text. The caller checks
 * whether out accepted everything.
 */
int config_print(const struct policy *policy, FILE *out);

#endif
