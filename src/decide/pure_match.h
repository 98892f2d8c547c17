/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PURE_MATCH_H
#define DOCKFW_PURE_MATCH_H

#include "policy.h"

/*
 * Whether a match gives the same answer for a packet when it is evaluated once more,
 * after all rules of DOCKER-USER: it keeps no state, has no effect, and depends on
 * nothing that a rule may have changed meanwhile. Pure.
 */

/* What rules of the filter table write that a match may read. */
struct written {
	bool mark, connmark;
	uint16_t *sets; /* owned; kernel indexes of ipset's sets */
	size_t nsets, room;
};

/* Adds what the rule writes; an opaque one may set any mark. */
void written_add(struct written *written, const struct rule *rule);
void written_clear(struct written *written);

/* Whether it is about a mark or a set: all rules that may write those have to be known. */
bool match_may_be_written(const struct ext *match);
/* The same for any match of the rule. */
bool rule_may_be_about_written(const struct rule *rule);
/* A match that is not known here is not pure. */
bool match_is_pure(const struct ext *match, const struct written *written);

#endif
