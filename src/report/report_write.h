/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_WRITE_H
#define DOCKFW_REPORT_WRITE_H

#include "report.h"

/*
 * Writes the report in its format to its output. A file is put in place whole, by rename,
 * never through a link. Returns 0, or -1 after reporting that this failed or that a part
 * of the report is missing: the status of the run is then unknown.
 */
int report_write(struct report *report);

/*
 * Sets how its text is shown: only a terminal has a width and colours, only the journal
 * priorities.
 */
void report_fit(struct report *report);

#endif
