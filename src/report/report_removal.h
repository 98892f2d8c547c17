/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_REMOVAL_H
#define DOCKFW_REPORT_REMOVAL_H

#include "report.h"
#include "rule_places.h"

/* What a removal found and did, in the formats text and JSON. */

/* In the tables of one backend; all is borrowed. */
struct removed {
	const char *backend;
	const struct snapshot *snapshot;
	const struct edits *edits;
	const struct rule_places *kept; /* configured rules that stay, without the mark */
	bool written;
};

struct removal_report {
	struct report common; /* the options, families, status and error; backend: for a person */
	struct removed parts[BACKEND_KINDS]; /* in the order in which they were written */
	size_t n;
};

/*
 * Writes the report to its output. Returns 0, or -1 after reporting that this failed or
 * that a part is missing: the status of the run is then unknown.
 */
int report_removal_write(struct removal_report *removal);

#endif
