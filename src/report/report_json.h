/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_JSON_H
#define DOCKFW_REPORT_JSON_H

#include <stdio.h>

#include "report.h"

/*
 * One json document; dockfw-check(8) has its keys.
 * Returns 0, or -1, said, where a part is missing because libxtables could not be run;
 * whether out took it all is the caller's to check.
 */
int report_json(FILE *out, const struct report *report);

#endif
