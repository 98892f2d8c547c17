/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_TEXT_H
#define DOCKFW_REPORT_TEXT_H

#include <stdio.h>

#include "report.h"

/*
 * Writes the report for a person: a status line, the findings, FORWARD and the held chains
 * as they are and as they become, and what to do.
 * Returns 0, or -1 after reporting that a part is missing because libxtables could not be
 * run. The caller checks whether out took it all.
 */
int report_text(FILE *out, const struct report *report);

/*
 * The first line of such a report as one that stands by itself, for "systemctl status": also
 * what is most open, and an error in any case. The caller frees it.
 */
char *report_state_line(const struct report *report);

/* Writes how a status line begins, as "OK: ", with its colour and its priority in the journal. */
void report_status(FILE *out, const struct report *report, enum severity status);

#endif
