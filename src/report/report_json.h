/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_JSON_H
#define DOCKFW_REPORT_JSON_H

#include <stdio.h>

#include "json.h"
#include "report.h"

/*
 * Writes one JSON document; dockfw-check(8) describes its keys.
 * Returns 0, or -1 after reporting that a part is missing because libxtables could not be
 * run. The caller checks whether out took it all.
 */
int report_json(FILE *out, const struct report *report);

/* An array of the names of the report's families. */
json_t *report_families_json(const struct report *report);

/*
 * An array of the edits, which may be NULL. Sets *failed, after reporting why, if the
 * text of a rule is missing.
 */
json_t *report_edits_json(const struct edits *edits, bool *failed);

#endif
