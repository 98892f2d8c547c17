/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_EXPOSURE_H
#define DOCKFW_CMD_EXPOSURE_H

#include "options.h"

/* --exposure: reports who can reach each published port. */
int cmd_exposure(const struct options *options);
/* Reports the first error, from before the run, in the format of the options; returns the status. */
int cmd_exposure_error(const struct options *options);

#endif
