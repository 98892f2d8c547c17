/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_PARSE_H
#define DOCKFW_SPEC_PARSE_H

#include <getopt.h>

#include "spec.h"

/* Parsing one rule, in the child. */

/* The options that every rule may have, ended by a zeroed one. */
extern struct option spec_options[];

/* The result of one text: rules, or why it was refused. */
struct spec_result {
	struct rule **rules; /* owned */
	size_t nrules;
	char *error;         /* owned */
	bool other_family;
};
void spec_result_clear(struct spec_result *result);

/*
 * Parses one text; libxtables, which has been started for its family, may end the process
 * meanwhile. chains: what -j and -g may lead to.
 */
void spec_parse_text(const struct spec_text *text, const struct strings *chains,
		     struct spec_result *result);

#endif
