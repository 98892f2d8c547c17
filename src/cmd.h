/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_H
#define DOCKFW_CMD_H

#include "backend.h"
#include "options.h"
#include "policy.h"
#include "report.h"

/* What the commands share. Each command returns the exit status. */

extern backend_list cmd_backends;

/* The command line goes before the configuration. */
void cmd_override(struct policy *policy, const struct options *options);

/* A report of nothing yet, with what the command line says about reports. */
struct report cmd_report(const struct options *options);

/* Reports that standard output failed; returns the status for that. */
int cmd_print_failed(void);

#endif
