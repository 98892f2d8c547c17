/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_TEXT_H
#define DOCKFW_REPORT_TEXT_H

#include <stdio.h>

#include "report.h"

/*
 * For a person: a line, the findings, FORWARD and the held chains as they are and become,
 * and what to do.
 * Returns 0, or -1, said, where a part is missing because libxtables could not be run;
 * whether out took it all is the caller's to check.
 */
int report_text(FILE *out, const struct report *report);

#endif
