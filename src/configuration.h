/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIGURATION_H
#define DOCKFW_CONFIGURATION_H

#include "config_read.h"
#include "config_rules.h"
#include "last_good.h"
#include "options.h"
#include "policy.h"
#include "finding.h"

/* The configuration of a check or a repair: the file, or what was last in force of it. */

struct configuration {
	struct policy *policy; /* owned; NULL: there is none */
	/*
	 * Owned: the finding about the file, if it is broken and policy is the last good
	 * configuration, or, if there is none and only rules are wrong, the rest of the file.
	 * NULL: policy is what the file says.
	 */
	char *broken;
	bool shrunk; /* broken, but valid: something is missing that was there */
	bool kept; /* broken: policy is what the file had before, in this process */
	bool unknown; /* policy has none of the file's settings (configuration_view()) */
	struct last_good last;
	struct config_sources sources; /* the text of the file, to be stored, and what to follow */
};

/*
 * config_read_most() of the file. If it does not exist, the error names the last good
 * configuration, if there is one.
 */
struct policy *configuration_read(const struct options *options,
				  const struct config_meanwhile *meanwhile,
				  struct config_sources *sources, size_t *left_out);

/*
 * Reads the file, and the last good configuration if the file is broken or less than it.
 * Errors in the file are printed in any case. Returns 0, or -1 if there is nothing to go by.
 * The caller clears the configuration in either case. meanwhile is work in the time of the
 * process that parses the rules (config_rules.h); NULL: none.
 */
int configuration_load(struct configuration *configuration, const struct options *options,
		       const struct config_meanwhile *meanwhile);
/*
 * The same for a file that has changed, while now is in force. Of a file that is broken, that
 * stays, unless now is itself in the place of a broken file: the configuration then is kept,
 * has no policy, and broken says so; returns -1.
 */
int configuration_reload(struct configuration *configuration, const struct configuration *now,
			 const struct options *options);
/* Makes broken the finding about the file, after now was kept; takes over the text. */
void configuration_keep(struct configuration *now, char *broken, bool shrunk);
/*
 * The same as configuration_load() for --exposure and --trace, which are about the tables: a
 * broken file does not keep them from being followed. Its errors are printed, and a warning says
 * what is gone by in its place: the rest of the file, if only rules are wrong; otherwise the last
 * good configuration, or with --fail-if-open, and if there is none, the defaults, with which
 * every port that is open counts. Without the default file, these are what was meant. Returns 0,
 * or -1 if no line of the file is why it cannot be used: it does not exist, others may write it,
 * time or memory ran out.
 */
int configuration_view(struct configuration *configuration, const struct options *options);
void configuration_clear(struct configuration *configuration);

/* Adds configuration-broken if the file is. */
void configuration_report(const struct configuration *configuration, struct findings *findings);
/*
 * After a repair that left these findings, before they are filtered for the report: stores the
 * configuration if it is the file's and is in force. Returns whether it is.
 */
bool configuration_store(const struct configuration *configuration, const struct options *options,
			 const struct findings *left);

#endif
