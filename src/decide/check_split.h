/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_SPLIT_H
#define DOCKFW_CHECK_SPLIT_H

#include "finding.h"
#include "policy.h"
#include "ruleset.h"
#include "split_decides.h"

/*
 * Reports what the other backend's filter tables do to forwarded packets: the kernel
 * evaluates both backends, whichever of them iptables shows. Pure. other has FORWARD
 * and the chains that it leads to loaded. It is critical where packets to or from containers
 * are refused there, other than those of some clients, or where only other has Docker's chains.
 */
void check_split(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *other, const struct split_facts *facts,
		 struct findings *findings);
/* Whether that depends on the facts. */
bool check_split_needs_facts(const struct policy *policy, const struct snapshot *snapshot,
			     const struct snapshot *other);

#endif
