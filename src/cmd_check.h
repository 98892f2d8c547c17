/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_CHECK_H
#define DOCKFW_CMD_CHECK_H

#include "options.h"

/*
 * --check and --repair: reads, judges, mends where asked, and reports. Returns
 * the exit status.
 */
int judge(const struct options *options);

#endif
