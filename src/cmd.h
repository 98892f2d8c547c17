/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_H
#define DOCKFW_CMD_H

#include "backend.h"
#include "options.h"
#include "policy.h"
#include "report.h"

/* Shared by the commands. Each command returns the exit status. */

extern backend_list cmd_backends;

/* Overrides settings with those from the command line. */
void cmd_override(struct policy *policy, const struct options *options);

/* An empty report with the options for reports from the command line. */
struct report cmd_report(const struct options *options);

/* A command for a message, as report_command() makes it. The caller frees it. */
char *cmd_command(const struct options *options, enum remedy_command command);

/*
 * Reports a failed write to standard output, with its errno, and returns the exit status for
 * it. That the reader of a pipe has gone is not a failure.
 */
int cmd_print_failed(void);

#endif
