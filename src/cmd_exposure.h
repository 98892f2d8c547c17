/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_EXPOSURE_H
#define DOCKFW_CMD_EXPOSURE_H

#include "options.h"

/* --exposure: reports who can reach each published port. */
int cmd_exposure(const struct options *options);

#endif
