/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_H
#define DOCKFW_REPORT_H

#include "edit.h"
#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/* What a check or a repair found and did, for each of the output formats. */

enum format { FORMAT_TEXT, FORMAT_NAGIOS, FORMAT_JSON, FORMAT_PROMETHEUS };

struct report {
	/* The options of the run. */
	enum format format;
	const char *output;    /* the file of --output; NULL: standard output */
	const char *config;    /* the file of the configuration */
	const char *backend_option;   /* of --backend; NULL: not given */
	unsigned int families_option; /* of -4 and -6, bits 1U << FAMILY_…; 0: not given */
	bool repair, dry_run, quiet;
	int verbosity;

	const struct policy *policy; /* NULL if the configuration failed */
	const char *backend;         /* "nft", "legacy"; NULL if not known */
	enum severity status;
	const char *error;           /* the first one, or NULL */

	/* What was found before any repair; NULL if nothing was read. */
	const struct snapshot *snapshot;
	const struct findings *found;
	const struct snapshot *own; /* the one with the guard's tables; NULL: there is none */
	/* What a repair wrote, or would write. */
	const struct edits *edits;
	bool written;
	bool restarted; /* docker.service was, for its chains */
	/* What is left after a repair; otherwise the same as found. */
	const struct findings *left;
	unsigned int families;
	/* The families that have a guard, and how many packets its rules have refused. */
	bool guard[FAMILY_COUNT];
	uint64_t refused[FAMILY_COUNT];

	uint64_t started_ms; /* of clock_ms() */
	bool colour;
	bool journal; /* lines begin with their priority */
	unsigned int width;  /* of the terminal; 0: none */
};

/*
 * What the operator can do about a finding. A dockfw-check command in it repeats the
 * options of this run for the file, the backend and the families. The caller frees it.
 */
char *report_remedy(const struct report *report, const struct finding *finding);
/* How many of the findings that are left are not just facts, which have severity ok. */
size_t report_faults(const struct report *report);
/*
 * The families in which rules are held, as bits 1U << FAMILY_…: those where DOCKER-USER is
 * evaluated, or if there are none, those of the guard.
 */
unsigned int report_held(const struct report *report);
/* Whether there is a guard, and DOCKER-USER is evaluated in no family. */
bool report_only_guard(const struct report *report);
/* "nft, ipv4 and ipv6": what was checked. The caller frees it. */
char *report_where(const struct report *report);

#endif
