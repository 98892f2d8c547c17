/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REPORT_FINDINGS_H
#define DOCKFW_REPORT_FINDINGS_H

#include "finding.h"
#include "policy.h"

/*
 * Turns all that was found into what a report shows: pure. The ids that the policy
 * ignores are left out, here and nowhere else. With neither dockerd nor its chains
 * nothing is open, and whether what is there is right cannot be known until Docker
 * is: so there docker-absent, unknown, stands for all of a family if any of it is critical.
 */
void report_findings(struct findings *findings, const struct policy *policy);

#endif
