/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_WATCH_H
#define DOCKFW_CMD_WATCH_H

#include "options.h"

/* --watch: stays, repairs as soon as something breaks, and says who broke it. Returns the exit status. */
int cmd_watch(const struct options *options);

#endif
