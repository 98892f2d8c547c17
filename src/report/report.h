/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_H
#define DOCKFW_REPORT_H

#include "access.h"
#include "edit.h"
#include "finding.h"
#include "open_port.h"
#include "policy.h"
#include "ruleset.h"

/* What a check or a repair found and did, for each of the output formats. */

enum format { FORMAT_TEXT, FORMAT_NAGIOS, FORMAT_JSON, FORMAT_PROMETHEUS };

struct report {
	/* The options of the run. */
	enum format format;
	const char *output;    /* the file of --output; NULL: standard output */
	const char *config;    /* the file of the configuration */
	const char *state_folder;
	const char *backend_option;   /* of --backend; NULL: not given */
	unsigned int families_option; /* of -4 and -6, bits 1U << FAMILY_…; 0: not given */
	bool repair, dry_run, quiet;
	bool preview; /* the question that follows offers the repair: it is no remedy to name */
	int verbosity;

	const struct policy *policy; /* NULL if the configuration failed */
	const char *backend;         /* "nft", "legacy"; NULL if not known */
	enum severity status;
	const char *error;           /* the first one, or NULL */
	bool partial; /* it came after a write or a restart, so the rest is reported as well */

	/* What was found before any repair; NULL if nothing was read. */
	const struct snapshot *snapshot;
	const struct findings *found;
	const struct snapshot *own; /* the one with the guard's tables; NULL: there is none */
	/* What a repair wrote, or would write. */
	const struct edits *edits;
	/* What it wrote after that, because the tables had changed again; NULL: nothing. */
	const struct edits *later;
	/* Who loses or gains access by the edits; NULL: nobody. */
	const struct access_changes *losses, *gains;
	bool written;
	bool restarted; /* docker.service was, for its chains, or with dry_run would be */
	/*
	 * What is left after a repair; otherwise the same as found. NULL also if it is not known,
	 * because an error came after the write.
	 */
	const struct findings *left;
	const struct snapshot *left_snapshot; /* the tables that these are about; NULL: as left */
	/* The policy that was compared: with the rules that unlisted and direct make; or NULL. */
	const struct policy *compared;
	/* What is left as well, but ignored by the configuration; NULL if nothing was read. */
	const struct findings *ignored;
	/* What is open although the configuration refuses it; NULL: nobody has looked. */
	const struct open_ports *open;
	unsigned int families;
	/* The families in which only the guard can hold the rules. */
	unsigned int guarded_only;
	/* The families that have a guard, and how many packets its rules have refused. */
	bool guard[FAMILY_COUNT];
	uint64_t refused[FAMILY_COUNT];

	uint64_t started_ms; /* of clock_ms() */
	bool colour;
	bool journal; /* lines begin with their priority */
	unsigned int width;  /* of the terminal; 0: none */
};

/*
 * A command other than RUN_NONE, with the options of this run for the file, the backend, the
 * families and the state folder. The caller frees it.
 */
char *report_command(const struct report *report, enum remedy_command command);
/* What the operator can do about a finding, with such a command. The caller frees it. */
char *report_remedy(const struct report *report, const struct finding *finding);
/* How many of the findings that are left are not just facts, which have severity ok. */
size_t report_faults(const struct report *report);
/* How many edits a repair wrote, or would write. */
size_t report_edits(const struct report *report);
/* How many findings with that id are left in a family, ignored ones included. */
size_t report_count(const struct report *report, enum finding_id id, enum family family);
/*
 * "2 findings ignored: user-jump-missing, rule-missing": each id once, without facts.
 * NULL if there are none. The caller frees it.
 */
char *report_ignored(const struct report *report);
/*
 * The families in which rules are held, as bits 1U << FAMILY_…: those where DOCKER-USER is
 * evaluated, or if there are none, those of the guard and those that should have one.
 */
unsigned int report_held(const struct report *report);
/* Whether there is a guard, and DOCKER-USER is evaluated in no family. */
bool report_only_guard(const struct report *report);
/* Whether no rule is configured: nothing is wrong, and nothing is filtered. */
bool report_holds_nothing(const struct report *report);
/* "nft, ipv4 and ipv6": what was checked. The caller frees it. */
char *report_where(const struct report *report);

#endif
