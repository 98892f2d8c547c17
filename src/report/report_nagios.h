/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_NAGIOS_H
#define DOCKFW_REPORT_NAGIOS_H

#include <stdio.h>

#include "report.h"

/*
 * Writes the line of a monitoring plugin and, with -v, one for each finding.
 * Returns 0; the caller checks whether out took it all.
 */
int report_nagios(FILE *out, const struct report *report);

#endif
