/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPTIONS_H
#define DOCKFW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"

enum mode {
	MODE_CHECK,
	MODE_REPAIR,
	MODE_REMOVE,
	MODE_EXPOSURE,
	MODE_TRACE,
	MODE_CAPTURE,
	MODE_CHECK_CONFIG,
};

struct options {
	enum mode mode;
	const char *config;
	enum format format;
	const char *output;  /* NULL: stdout */
	const char *backend; /* NULL: as configured */
	unsigned int families; /* 0: as configured */
	unsigned int wait;     /* seconds */
	unsigned int timeout;  /* seconds */
	int verbosity;
	bool quiet;
	bool dry_run;
	bool restart_docker;
	bool fail_if_open;
	const char *trace; /* the packet of --trace */
};

/* One option, for --help and for whatever else is generated from the table. */
struct option_row {
	int key;             /* the short letter; above the range of a char if there is none */
	const char *name;    /* the long name, without dashes */
	const char *value;   /* the placeholder for its value; NULL: it takes none */
	const char *choices; /* the possible values, or "FILE"; NULL: any */
	const char *help;
};
/* Returns all options in the order of --help, and sets n; constants. */
const struct option_row *options_rows(size_t *n);

enum parsed { PARSED_GO, PARSED_DONE, PARSED_ERROR };

/*
 * Fills options from the command line. PARSED_DONE: --help or --version was printed;
 * PARSED_ERROR: reported with diag_error(). format is set even then if it can be
 * found, since the error belongs in the report.
 */
enum parsed options_parse(struct options *options, int argc, char *argv[]);

#endif
