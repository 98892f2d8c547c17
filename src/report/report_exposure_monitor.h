/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_EXPOSURE_MONITOR_H
#define DOCKFW_REPORT_EXPOSURE_MONITOR_H

#include <stdio.h>

#include "exposure.h"
#include "finding.h"

/* The exposure for monitoring systems: is a port open that should not be? */

struct exposure_report {
	bool nagios; /* else metrics */
	const struct exposure_list *list; /* NULL: not known, because of an error */
	const char *error;  /* why, or NULL */
	/* A sentence that explains a status which the ports do not, or NULL. */
	const char *note;
	enum severity status; /* as the exit status with --fail-if-open */
	int verbosity;
	uint64_t started_ms;  /* of clock_ms() */
};

/*
 * A plugin's line, "DOCKFW STATUS - text | perfdata"; with verbosity a line for each port that
 * counts, up to a bound. Returns 0, or -1 after reporting why rules could not be printed: then
 * the line says so.
 */
int report_exposure_nagios(FILE *out, const struct exposure_report *report);
/* Metrics, with one for each published port. Returns 0. */
int report_exposure_prometheus(FILE *out, const struct exposure_report *report);

#endif
