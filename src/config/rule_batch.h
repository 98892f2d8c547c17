/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_BATCH_H
#define DOCKFW_RULE_BATCH_H

#include "rule_source.h"
#include "rulespec.h"

/*
 * Some texts of a configuration, parsed in each family. Starting the process that does it
 * takes as long as a hundred rules, so the first batch has everything else that is parsed.
 */

struct rule_batch {
	const struct policy *policy;      /* the caller's, like the next two */
	const struct rule_source *texts;
	const struct strings *chains;     /* what -j may lead to */
	size_t n;
	struct spec *specs[FAMILY_COUNT]; /* owned; n each */
	/*
	 * Of the first batch: whether the name of each chain after DOCKER-USER is that of a
	 * target, and the rule that takes the place of one that cannot be put in.
	 */
	struct spec *names[FAMILY_COUNT]; /* owned */
	size_t nnames;
	struct spec closing[FAMILY_COUNT];
	bool closes;
	/* The questions to libxtables and their answers, up to rule_batch_end(). */
	struct spec_text *asked;
	struct spec *answers, **answer_of;
	size_t nasked;
	struct spec_batch *running;
};

/*
 * Starts to parse n texts, and in the first batch what else there is. All pointers are
 * borrowed up to rule_batch_clear(), which the caller calls in any case.
 */
void rule_batch_begin(struct rule_batch *batch, const struct policy *policy,
		      const struct rule_source *texts, size_t n, const struct strings *chains,
		      bool first);
/*
 * Waits for the results. Returns -1 after reporting why if there are none, or 1 if they would
 * take more than most processes (0: any number).
 */
int rule_batch_end(struct rule_batch *batch, unsigned int most);
void rule_batch_clear(struct rule_batch *batch);

/* Whether the text makes a rule. */
bool rule_accepted(const struct spec *spec);

#endif
