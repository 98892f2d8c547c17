/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_EDIT_H
#define DOCKFW_CMD_EDIT_H

#include "options.h"

/* --edit; returns the exit status. */
int cmd_edit(const struct options *options);

#endif
