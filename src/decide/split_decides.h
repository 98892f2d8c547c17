/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPLIT_DECIDES_H
#define DOCKFW_SPLIT_DECIDES_H

#include "netinfo.h"
#include "policy.h"

/*
 * Whether FORWARD of the backend that Docker does not use refuses packets that Docker's rules
 * decide on. Pure. The kernel evaluates both backends, and a drop in either is final, while an
 * accept in one changes nothing in the other.
 */

/* What such rules are compared with; what is NULL is not known, and then any may be meant. */
struct split_facts {
	const struct netinfo *net;
	/* Docker's backend, with FORWARD and DOCKER-FORWARD loaded: they name its bridges. */
	const struct snapshot *docker;
};

enum split_answer {
	SPLIT_NONE,   /* nothing is refused there, or nothing that concerns containers */
	SPLIT_SOME,   /* only some clients are, as a ban or a limit does it */
	SPLIT_MAYBE,  /* a rule may refuse that cannot be decoded */
	SPLIT_POLICY, /* the policy drops */
	SPLIT_RULE,   /* a rule refuses */
};

/* Whether the answer depends on the facts, which then have to be read. */
bool split_needs_facts(const struct table *other);
/* The worst of the answers; rule is the number of FORWARD's rule for SPLIT_RULE and SPLIT_MAYBE. */
enum split_answer split_decides(const struct policy *policy, const struct table *other,
				const struct split_facts *facts, size_t *rule);

#endif
