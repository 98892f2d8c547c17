/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPTIONS_H
#define DOCKFW_OPTIONS_H

#include <stdbool.h>

#include "finding.h"
#include "option_rows.h"
#include "report.h"

struct options {
	enum mode mode;
	const char *config;
	const char *config_copy; /* what is read in place of config, for --edit; NULL: config */
	enum format format;
	const char *state_folder;
	const char *output;  /* NULL: stdout */
	const char *backend; /* NULL: as configured */
	unsigned int families; /* 0: as configured */
	unsigned int wait;     /* seconds */
	unsigned int timeout;  /* seconds */
	int verbosity;
	bool quiet;
	bool dry_run;
	bool restart_docker;
	bool close_first;
	bool fail_if_open;
	bool force;
	const char *trace; /* the packet of --trace */
	unsigned int try_seconds; /* how long --try waits for an answer */
	enum finding_id explain;
};

enum parsed { PARSED_GO, PARSED_DONE, PARSED_ERROR };

/*
 * Fills options from the command line. PARSED_DONE: --help or --version was printed;
 * PARSED_ERROR: reported with diag_error(). format and output are set even then if they
 * can be found, since the error belongs in the report.
 */
enum parsed options_parse(struct options *options, int argc, char *argv[]);

#endif
