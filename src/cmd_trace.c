/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_trace.h"

#include "cmd.h"
#include "cmd_view.h"
#include "deadline.h"
#include "finding.h"
#include "put_file.h"
#include "report_trace.h"
#include "trace.h"

struct trace_shown {
	const struct view *view;
	struct trace trace;
};

static int write_trace(FILE *out, void *data)
{
	const struct trace_shown *shown = data;
	const struct options *options = shown->view->options;

	deadline_step("printing the rules of the trace");
	if (options->format == FORMAT_JSON)
		return view_write_json(shown->view, out, "trace", report_trace_json(&shown->trace));
	return options->quiet ? 0
	       : report_trace_text(out, &shown->trace, output_colour(options->output),
				   output_width(options->output));
}

int cmd_trace(const struct options *options)
{
	/* The packet may be of either family, configured or not. */
	const unsigned int both = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	struct view view;
	struct trace_shown shown = { .view = &view };
	int status = SEVERITY_UNKNOWN;

	if (!view_read(&view, options, both) &&
	    !trace_run(&view.world, options->trace, options->verbosity > 0, &shown.trace) &&
	    !output_put(options->output, write_trace, &shown))
		status = SEVERITY_OK;
	trace_clear(&shown.trace);
	view_clear(&view);
	return status;
}
