/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_JSON_H
#define DOCKFW_REPORT_JSON_H

#include <stdio.h>

#include "report.h"

/*
 * Writes one JSON document; dockfw-check(8) describes its keys.
 * Returns 0, or -1 after reporting that a part is missing because libxtables could not be
 * run. The caller checks whether out took it all.
 */
int report_json(FILE *out, const struct report *report);

#endif
