/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_FINDINGS_H
#define DOCKFW_REPORT_FINDINGS_H

#include "finding.h"
#include "policy.h"

/*
 * Reduces the findings to those that a report shows. Pure. Ids that the policy ignores
 * are dropped here and nowhere else. With neither dockerd nor its chains nothing is
 * open, and whether the tables are correct is not known until Docker runs: if any
 * finding of such a family is critical, docker-absent (unknown) replaces them all.
 */
void report_findings(struct findings *findings, const struct policy *policy);

#endif
