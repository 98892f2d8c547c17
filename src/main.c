/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "capture.h"
#include "cmd_check.h"
#include "cmd_exposure.h"
#include "config_print.h"
#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "options.h"
#include "put_file.h"
#include "report.h"
#include "session.h"
#include "settings.h"

static int print_failed(void)
{
	diag_error("cannot write to standard output: %s", strerror(errno));
	return SEVERITY_UNKNOWN;
}

/*
 * A library that aborts, or a fault, still ends in a status that monitoring
 * knows. Nothing is half-written by then: each write is one system call.
 */
static void __attribute__((unused)) on_fault(int number)
{
	static const char text[] = "dockfw-check: ended by a fault of the program or a library; "
				   "the state is unknown\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	(void)number;
	_exit(SEVERITY_UNKNOWN);
}

static int set_up_process(void)
{
	/* Libraries open files: none may get a descriptor that is taken for stdout. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -1;
	if (getauxval(AT_SECURE)) {
		diag_error("refusing to run set-user-ID or with file capabilities; run it as root");
		return -1;
	}
	/* A reader that goes away is an error to report, not a death. */
	signal(SIGPIPE, SIG_IGN);
#ifndef __SANITIZE_ADDRESS__ /* which has its own, that say more */
	signal(SIGABRT, on_fault);
	signal(SIGBUS, on_fault);
	signal(SIGFPE, on_fault);
	signal(SIGSEGV, on_fault);
#endif
	return 0;
}

static int mode_check_config(const struct options *options)
{
	struct policy *policy = config_read(options->config);
	int status = SEVERITY_OK;

	if (!policy)
		return SEVERITY_UNKNOWN;
	if (options->verbosity && config_print(policy, stdout))
		status = SEVERITY_UNKNOWN;
	else if (!options->verbosity && !options->quiet)
		printf("%s: right, %zu rule%s for IPv4 and %zu for IPv6\n", options->config,
		       policy_rules(policy, FAMILY_IPV4),
		       policy_rules(policy, FAMILY_IPV4) == 1 ? "" : "s",
		       policy_rules(policy, FAMILY_IPV6));
	policy_free(policy);
	if (!status && fflush(stdout))
		status = print_failed();
	return status;
}

struct captured {
	const struct policy *policy;
	const struct snapshot *snapshot;
};

static int write_capture(FILE *out, void *data)
{
	const struct captured *captured = data;

	return capture(captured->policy, captured->snapshot, out);
}

static int mode_capture(const struct options *options)
{
	static const char *const tables[] = { "filter", NULL };
	struct policy *policy = setting_default_policy();
	const struct backend_ops *ops;
	struct snapshot *snapshot = NULL;
	int status = SEVERITY_UNKNOWN;

	policy_override(policy, options);
	deadline_step("reading DOCKER-USER");
	ops = session_backend(policy);
	if (ops && !snapshot_read(ops, policy, tables, next_of_user, &snapshot)) {
		struct captured captured = { policy, snapshot };

		if (!output_put(options->output, write_capture, &captured))
			status = SEVERITY_OK;
	}
	snapshot_free(snapshot);
	policy_free(policy);
	return status;
}

static int run_mode(const struct options *options)
{
	deadline_start(options->timeout + options->wait);
	switch (options->mode) {
	case MODE_CHECK_CONFIG:
		return mode_check_config(options);
	case MODE_EXPOSURE:
		return look_exposure(options);
	case MODE_TRACE:
		return look_trace(options);
	case MODE_CAPTURE:
		return mode_capture(options);
	default:
		return judge(options);
	}
}

/* A command line that is not understood still gives its format an answer. */
static int report_usage_error(const struct options *options)
{
	struct report report = {
		.options = options,
		.status = SEVERITY_UNKNOWN,
		.error = diag_first_error(),
		.started_ms = clock_ms(),
	};

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
	/* Whether errors are for stderr, the command line tells. */
	diag_setup(0, true);
	switch (options_parse(&options, argc, argv)) {
	case PARSED_ERROR:
		status = report_usage_error(&options);
		break;
	case PARSED_DONE:
		diag_release(true);
		status = fflush(stdout) ? print_failed() : SEVERITY_OK;
		break;
	case PARSED_GO:
		diag_setup(options.verbosity, options.format == FORMAT_NAGIOS);
		status = run_mode(&options);
		break;
	}
	diag_cleanup();
	return status;
}
