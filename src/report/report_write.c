/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_write.h"

#include <stdlib.h>

#include "diag.h"
#include "put_file.h"
#include "report_json.h"
#include "report_nagios.h"
#include "report_prometheus.h"
#include "report_text.h"
#include "service.h"
#include "util.h"

/* A new format needs a row here and a word in options.c. */
static int (*const writers[])(FILE *out, const struct report *report) = {
	[FORMAT_TEXT] = report_text,
	[FORMAT_NAGIOS] = report_nagios,
	[FORMAT_JSON] = report_json,
	[FORMAT_PROMETHEUS] = report_prometheus,
};

struct writing {
	struct report *report;
	int status;
};

/* What could be written is put in place even if a part is missing: the rest is true. */
static int write_to(FILE *out, void *data)
{
	struct writing *writing = data;

	report_fit(writing->report);
	writing->status = writers[writing->report->format](out, writing->report);
	return 0;
}

void report_fit(struct report *report)
{
	report->journal = output_journal(report->output);
	report->colour = output_colour(report->output);
	report->width = output_width(report->output);
}

/*
 * The line that "systemctl status" shows: systemd itself has only the number of the exit status,
 * and calls 3 "NOTIMPLEMENTED".
 */
static void put_state(const struct report *report, bool failed)
{
	struct report shown = *report;
	char *line, *text;

	if (!getenv("NOTIFY_SOCKET"))
		return;
	if (failed) {
		shown.status = SEVERITY_UNKNOWN;
		shown.error = diag_first_error();
	}
	line = report_state_line(&shown);
	text = xasprintf("STATUS=%s", line);
	service_notify(text);
	free(text);
	free(line);
}

int report_write(struct report *report)
{
	struct writing writing = { .report = report };
	int (*put)(const char *path, int (*write)(FILE *out, void *data), void *data) =
		report->format == FORMAT_TEXT ? output_put_text : output_put;
	bool failed;

	/* In every format, stderr reports that the report itself cannot be written. */
	diag_release(false);
	failed = put(report->output, write_to, &writing) || writing.status;
	put_state(report, failed);
	return failed ? -1 : 0;
}
