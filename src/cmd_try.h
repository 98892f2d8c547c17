/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_TRY_H
#define DOCKFW_CMD_TRY_H

#include "options.h"

/* --try; returns the exit status. */
int cmd_try(const struct options *options);

#endif
