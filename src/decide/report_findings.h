/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_FINDINGS_H
#define DOCKFW_REPORT_FINDINGS_H

#include "finding.h"
#include "policy.h"

/*
 * Reduces the findings to those that a report shows. Pure. Those with an id that the policy
 * ignores are moved to the end of ignored (NULL: freed), here and nowhere else. With neither dockerd nor its
 * chains nothing is open, and whether the tables are correct is not known until Docker runs: if
 * any finding of such a family is critical and not ignored, docker-absent (unknown) replaces
 * them all. The caller clears both lists.
 */
void report_findings(struct findings *findings, const struct policy *policy,
		     struct findings *ignored);
/*
 * Takes out of seen, which was before a repair, what is also left after it. The numbers of rules in
 * a message may have changed meanwhile: what no repair mends is the same in the same chain. Pure.
 */
void report_mended(struct findings *seen, const struct findings *left);
/* Whether the setting ignore has the id. */
bool report_ignores(const struct policy *policy, enum finding_id id);

#endif
