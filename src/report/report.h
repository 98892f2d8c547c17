/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_H
#define DOCKFW_REPORT_H

#include <stdio.h>

#include "edit.h"
#include "finding.h"
#include "options.h"
#include "policy.h"
#include "ruleset.h"

/* What a run found and did, in one of the output formats. */

struct report {
	const struct options *options;
	const struct policy *policy; /* NULL where the configuration failed */
	const char *backend;         /* "nft", "legacy"; NULL where not known */
	enum severity status;
	const char *error;           /* the first one, or NULL */

	/* As it was found, before any repair; NULL where nothing was read. */
	const struct snapshot *snapshot;
	const struct findings *found;
	/* What a repair wrote, or would write. */
	const struct edits *edits;
	bool written;
	bool restarted; /* docker.service, for its chains */
	/* After a repair what is left; otherwise the same as found. */
	const struct findings *left;
	unsigned int families;

	uint64_t started_ms; /* of clock_ms() */
	bool colour;
	bool journal; /* lines begin with their priority */
	unsigned int width;  /* of the terminal; 0: none */
};

/*
 * One format. head comes first; finding once for each of found (before a repair
 * alone) and each of left; edit once for each edit, with the rule's text (NULL for
 * a chain); tail last. A NULL member has nothing to say.
 */
struct output {
	void (*head)(FILE *out, const struct report *report);
	void (*finding)(FILE *out, const struct report *report, const struct finding *finding,
			bool left);
	void (*edit)(FILE *out, const struct report *report, const struct edit *edit,
		     const char *rule);
	void (*tail)(FILE *out, const struct report *report);
};

extern const struct output output_text, output_nagios, output_json, output_prometheus;

/*
 * Writes the report to where options say. A file is put in place whole, by
 * rename, never through a link. Returns -1, said, where that fails.
 */
int report_write(struct report *report);

/* The configured rules of all chains in a family. */
size_t policy_rules(const struct policy *policy, enum family family);
/*
 * What the operator can do about a finding. A command of this program's has the
 * options that told this run what to look at. The caller frees it.
 */
char *report_remedy(const struct report *report, const struct finding *finding);
/* "insert", "delete", "create", "drop". */
const char *edit_op_name(enum edit_op op);
/* "nft, ipv4 and ipv6": what was looked at; the caller frees it. */
char *report_where(const struct report *report);

/*
 * The picture of FORWARD, DOCKER-USER and the other held chains: numbered
 * rules, with what a repair takes out (-) and puts in (+). Chains with nothing
 * to show are left out unless all.
 */
void picture_print(FILE *out, const struct report *report, bool all);

#endif
