/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CHECK_H
#define DOCKFW_CMD_CHECK_H

#include "options.h"

/* --check and --repair: reads and checks the tables, repairs them with --repair, and reports. */
int cmd_check(const struct options *options);

#endif
