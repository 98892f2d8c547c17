/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CAPTURE_H
#define DOCKFW_CMD_CAPTURE_H

#include "options.h"

/* --capture: prints a configuration that holds the live DOCKER-USER. */
int cmd_capture(const struct options *options);

#endif
