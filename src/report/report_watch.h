/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_WATCH_H
#define DOCKFW_REPORT_WATCH_H

#include <stdio.h>

#include "report.h"
#include "watch_counts.h"

/*
 * Writes what a watch has seen or done: as text, a line for each fact, which go to the journal
 * with fields of their own (DOCKFW_FINDING, DOCKFW_CULPRIT, …) if out is the journal's; with
 * FORMAT_JSON, one object in a line. Flushes the stream. Returns 0, or -1 if it did not take it all, or after
 * reporting that the text of a rule is missing.
 */
int report_watch(FILE *out, const struct report *report, const struct watch_event *event);

/* Puts the counters as metrics into the report's output file. Returns 0, or -1 after reporting why. */
int report_watch_counts(const struct report *report, const struct watch_counts *counts);

#endif
