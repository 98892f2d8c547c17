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

/*
 * Prints a part of such a line, cut at most bytes. Text from a rule, a file or an error may hold
 * anything, so what would end the line or start the perfdata is replaced.
 */
void nagios_put_safe(FILE *out, const char *text, size_t most);

#endif
