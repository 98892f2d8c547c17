/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_STRAY_H
#define DOCKFW_CHECK_STRAY_H

#include "finding.h"
#include "policy.h"
#include "ruleset.h"

/*
 * What is left of this program outside of the configured chains, where no repair looks: a chain
 * that is no longer configured after the jump to it is gone, and rules with the mark that
 * somebody has moved. Only a removal takes them out: a repair does not know whether somebody
 * uses them. Each is a fact, of severity ok. Pure.
 */

/* Selects the chains of filter in which such rules may be; all of them if there is such a chain. */
chain_selector select_stray;
/* Reports what is in those chains, in each family of the policy. */
void check_stray(const struct policy *policy, const struct snapshot *snapshot,
		 struct findings *findings);

#endif
