/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_TRACE_H
#define DOCKFW_CMD_TRACE_H

#include "options.h"

/* --trace: reports the path of one packet. */
int cmd_trace(const struct options *options);

#endif
