/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_PRINT_H
#define DOCKFW_SPEC_PRINT_H

#include "rule.h"

/*
 * Writes the rule to stdout as iptables -S would, without a newline. Returns
 * NULL, or why the rule cannot be written (the caller frees it and discards
 * what is on stdout).
 */
char *spec_print_rule(const struct rule *rule);

#endif
