/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_H
#define DOCKFW_SPEC_H

#include "rule.h"
#include "spec_text.h"
#include "util.h"

/*
 * Shared by the parent (rulespec) and its child (spec_child). spec_parse, spec_print,
 * spec_address, spec_names and libxtables run only in the child.
 */

/* A batch: texts to parse, each in its own family, or, if texts is NULL, rules to print. */
struct spec_job {
	size_t n;
	const struct spec_text *texts;
	const struct strings *chains;
	const struct rule *const *rules;
};

static inline enum family spec_job_family(const struct spec_job *job, size_t i)
{
	return job->texts ? job->texts[i].family : job->rules[i]->family;
}

#define SPEC_RULES_MAX 4096  /* rules that the address lists of one text may make */
#define SPEC_MATCHES_MAX 120 /* nf_tables takes 128 expressions in a rule */

#endif
