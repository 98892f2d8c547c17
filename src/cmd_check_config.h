/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CHECK_CONFIG_H
#define DOCKFW_CMD_CHECK_CONFIG_H

#include "options.h"

/* --check-config: reads the configuration and prints its rules or a summary. */
int cmd_check_config(const struct options *options);

#endif
