/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_EXPLAIN_H
#define DOCKFW_CMD_EXPLAIN_H

#include <stddef.h>

#include "options.h"

/*
 * What the section FINDINGS of dockfw-check(8) says about a finding; man/explain.awk makes the
 * array of it. The text has a line for each of the page's, and an empty line between paragraphs.
 */
struct explanation {
	const char *id;
	const char *severity; /* the worst that it can have */
	const char *text;
};
extern const struct explanation explanations[];
extern const size_t explanations_n;

/* --explain ID and --list-findings. Both return the exit status. */
int cmd_explain(const struct options *options);
int cmd_list_findings(const struct options *options);

#endif
