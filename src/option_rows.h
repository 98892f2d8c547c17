/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPTION_ROWS_H
#define DOCKFW_OPTION_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* The table of modes and options. */

enum mode {
	MODE_CHECK,
	MODE_REPAIR,
	MODE_TRY,
	MODE_EDIT,
	MODE_WATCH,
	MODE_REMOVE,
	MODE_EXPOSURE,
	MODE_TRACE,
	MODE_CAPTURE,
	MODE_CHECK_CONFIG,
	MODE_EXPLAIN,
	MODE_LIST_FINDINGS,
};

/* The keys of the options without a short letter, above the range of a char: for the parser. */
enum option_key {
	OPT_CHECK = 256, OPT_REPAIR, OPT_TRY, OPT_EDIT, OPT_WATCH, OPT_REMOVE, OPT_EXPOSURE, OPT_TRACE,
	OPT_CAPTURE, OPT_CHECK_CONFIG, OPT_EXPLAIN, OPT_LIST_FINDINGS,
	OPT_RESTART_DOCKER, OPT_CLOSE_FIRST, OPT_FORCE, OPT_FAIL_IF_OPEN, OPT_STATE_FOLDER,
	OPT_FORMAT, OPT_COLOR, OPT_WAIT,
};

/* One mode or option, for --help and for whatever else is generated from the table. */
struct option_row {
	int key;             /* the short letter; above the range of a char if there is none */
	const char *name;    /* the long name, without dashes */
	const char *value;   /* the placeholder for its value; NULL: it takes none */
	const char *choices; /* the possible values, "FILE", "ID" (a finding) or "WORDS" (the rest of the line); NULL: any */
	const char *help;
	/* Bits 1U << MODE_…: of a mode, that one; of an option, those that it is for, 0: all. */
	unsigned int modes;
	unsigned int formats; /* of a mode: bits 1U << FORMAT_…, those of its report */
	bool writes;          /* a mode that changes something: it has no abbreviation */
};
/* Returns all modes, then all options, in the order of --help, and sets n; constants. */
const struct option_row *options_rows(size_t *n);
/* Whether the row is a mode. */
bool options_is_mode(const struct option_row *row);
/* The row of a mode. */
const struct option_row *options_mode(enum mode mode);
/* Prints --help. */
void options_print_help(void);

#endif
