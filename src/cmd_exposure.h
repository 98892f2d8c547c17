/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_EXPOSURE_H
#define DOCKFW_CMD_EXPOSURE_H

#include "options.h"

/* --exposure and --trace: they only look. Each returns the exit status. */
int look_exposure(const struct options *options);
int look_trace(const struct options *options);

#endif
