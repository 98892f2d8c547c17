/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_REMOVE_H
#define DOCKFW_CMD_REMOVE_H

#include "options.h"

/* --remove: takes out of the tables what the program has installed, and reports. */
int cmd_remove(const struct options *options);

#endif
