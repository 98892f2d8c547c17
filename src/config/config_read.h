/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_READ_H
#define DOCKFW_CONFIG_READ_H

#include "policy.h"

/*
 * Reads and checks the file whole, with what it includes, and has every rule
 * parsed. Returns the policy, which the caller frees; NULL where anything is
 * wrong, each error said as "FILE:LINE: message".
 */
struct policy *config_read(const char *file);

#endif
