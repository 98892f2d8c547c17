/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_READ_H
#define DOCKFW_CONFIG_READ_H

#include "policy.h"

/*
 * Reads and checks the whole file, with what it includes, and parses every rule.
 * Returns the policy, which the caller frees; NULL if anything is wrong, with
 * each error reported as "FILE:LINE: message".
 */
struct policy *config_read(const char *file);

#endif
