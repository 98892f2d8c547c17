/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_capture.h"
#include "cmd_check.h"
#include "cmd_check_config.h"
#include "cmd_exposure.h"
#include "cmd_remove.h"
#include "cmd_trace.h"
#include "deadline.h"
#include "diag.h"
#include "options.h"
#include "report_write.h"

/*
 * A fault, or a library that aborts, still ends in a status that monitoring systems
 * understand. Nothing is half-written then: each write is a single system call.
 */
static void __attribute__((unused)) on_fault(int number)
{
	static const char text[] = "dockfw-check: terminated by a fault in the program or a library; "
				   "the state is unknown\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	(void)number;
	_exit(SEVERITY_UNKNOWN);
}

static int set_up_process(void)
{
	/* Libraries open files: none may get a descriptor of the standard streams. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -1;
	if (getauxval(AT_SECURE)) {
		diag_error("refusing to run set-user-ID or with file capabilities; run it as root");
		return -1;
	}
	/* A reader that closes the pipe is an error to report, not a reason to die. */
	signal(SIGPIPE, SIG_IGN);
#ifndef __SANITIZE_ADDRESS__ /* it has its own handlers, which report more */
	signal(SIGABRT, on_fault);
	signal(SIGBUS, on_fault);
	signal(SIGFPE, on_fault);
	signal(SIGSEGV, on_fault);
#endif
	return 0;
}

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
	if (options->format != FORMAT_TEXT)
		report_write(&report);
	return SEVERITY_UNKNOWN;
}

int main(int argc, char *argv[])
{
	struct options options;
	int status = SEVERITY_UNKNOWN;

	diag_setup(0, false);
	if (set_up_process())
		return status;
	/* Only the command line shows whether errors go to stderr. */
	diag_setup(0, true);
	switch (options_parse(&options, argc, argv)) {
	case PARSED_ERROR:
		status = report_usage_error(&options);
		break;
	case PARSED_DONE:
		diag_release(true);
		status = fflush(stdout) ? cmd_print_failed() : SEVERITY_OK;
		break;
	case PARSED_GO:
		diag_setup(options.verbosity, options.format == FORMAT_NAGIOS);
		status = run_mode(&options);
		break;
	}
	diag_cleanup();
	return status;
}
