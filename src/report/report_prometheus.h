/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_PROMETHEUS_H
#define DOCKFW_REPORT_PROMETHEUS_H

#include <stdio.h>

#include "report.h"

/*
 * Writes metrics for the node exporter's textfile collector.
 * Returns 0; the caller checks whether out took it all.
 */
int report_prometheus(FILE *out, const struct report *report);

#endif
