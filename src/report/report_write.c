/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_write.h"

#include <unistd.h>

#include "diag.h"
#include "put_file.h"
#include "report_json.h"
#include "report_nagios.h"
#include "report_prometheus.h"
#include "report_text.h"

/* A new format needs a row here and a word in options.c. */
static int (*const writers[])(FILE *out, const struct report *report) = {
	[FORMAT_TEXT] = report_text,
	[FORMAT_NAGIOS] = report_nagios,
	[FORMAT_JSON] = report_json,
	[FORMAT_PROMETHEUS] = report_prometheus,
};

struct writing {
	const struct report *report;
	int status;
};

/* What could be written is put in place even if a part is missing: the rest is true. */
static int write_to(FILE *out, void *data)
{
	struct writing *writing = data;

	writing->status = writers[writing->report->format](out, writing->report);
	return 0;
}

void report_fit(struct report *report)
{
	report->journal = !report->output && diag_journal(STDOUT_FILENO);
	report->colour = output_colour(report->output);
	report->width = output_width(report->output);
}

int report_write(struct report *report)
{
	struct writing writing = { .report = report };

	report_fit(report);
	/* In every format, stderr reports that the report itself cannot be written. */
	diag_release(false);
	return output_put(report->output, write_to, &writing) || writing.status ? -1 : 0;
}
