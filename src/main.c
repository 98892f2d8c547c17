/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cmd.h"
#include "cmd_capture.h"
#include "cmd_check.h"
#include "cmd_check_config.h"
#include "cmd_edit.h"
#include "cmd_explain.h"
#include "cmd_exposure.h"
#include "cmd_remove.h"
#include "cmd_trace.h"
#include "cmd_try.h"
#include "cmd_watch.h"
#include "deadline.h"
#include "diag.h"
#include "options.h"
#include "own_files.h"
#include "put_file.h"
#include "report_write.h"
#include "setup.h"

static int run_mode(const struct options *options)
{
	deadline_start(options->timeout + options->wait);
	switch (options->mode) {
	case MODE_CHECK_CONFIG:
		return cmd_check_config(options);
	case MODE_REMOVE:
		return cmd_remove(options);
	case MODE_EXPOSURE:
		return cmd_exposure(options);
	case MODE_TRACE:
		return cmd_trace(options);
	case MODE_WATCH:
		return cmd_watch(options);
	case MODE_TRY:
		return cmd_try(options);
	case MODE_EDIT:
		return cmd_edit(options);
	case MODE_EXPLAIN:
		return cmd_explain(options);
	case MODE_LIST_FINDINGS:
		return cmd_list_findings(options);
	case MODE_CAPTURE:
		return cmd_capture(options);
	default:
		return cmd_check(options);
	}
}

/* A usage error is still reported in the format of the command line. */
static int report_usage_error(const struct options *options)
{
	struct report report = cmd_report(options);

	report.error = diag_first_error();
	diag_release(options->format != FORMAT_NAGIOS);
	if (options->mode == MODE_EXPOSURE &&
	    (options->format == FORMAT_NAGIOS || options->format == FORMAT_PROMETHEUS))
		return cmd_exposure_error(options);
	/* Those of the two have no object after an error. */
	if (options->format == FORMAT_JSON &&
	    (options->mode == MODE_EXPOSURE || options->mode == MODE_TRACE))
		return SEVERITY_UNKNOWN;
	if (options->format != FORMAT_TEXT)
		report_write(&report);
	return SEVERITY_UNKNOWN;
}

int main(int argc, char *argv[])
{
	struct options options;
	enum parsed parsed;
	int status = SEVERITY_UNKNOWN;

	diag_setup(0, false);
	if (setup_process())
		return status;
	/* Only the command line shows whether errors go to stderr. */
	diag_setup(0, true);
	parsed = options_parse(&options, argc, argv);
	own_files_begin(options.config);
	own_files_folder(options.state_folder);
	if (parsed != PARSED_GO || options.mode != MODE_WATCH)
		setup_release_signals();
	switch (parsed) {
	case PARSED_ERROR:
		status = report_usage_error(&options);
		break;
	case PARSED_DONE:
		diag_release(true);
		status = output_end() ? SEVERITY_UNKNOWN : SEVERITY_OK;
		break;
	case PARSED_GO:
		diag_setup(options.quiet ? -1 : options.verbosity, options.format == FORMAT_NAGIOS);
		setup_nagios(options.format == FORMAT_NAGIOS);
		/* A capture keeps what it replaces. */
		if (options.mode == MODE_CAPTURE || !output_check(options.output))
			status = run_mode(&options);
		break;
	}
	diag_cleanup();
	return status;
}
