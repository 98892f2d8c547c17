/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTERS_H
#define DOCKFW_OTHER_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "rule.h"
#include "ruleset.h"

/*
 * Base chains beside iptables' tables of one backend, which the kernel asks as
 * well: those of firewalld and of nft, and those of the other backend. The two that
 * read ask nf_tables themselves: backend.h has no family inet, and no rule that is
 * not iptables'. The look-up is pure.
 */
struct other_filter {
	unsigned int families; /* bits 1U << FAMILY_… */
	bool input;            /* for what comes in to the host itself; else what is forwarded */
	bool spares_dnat;      /* lets a packet pass whose destination was translated */
	char *reason;          /* owned: "nf_tables inet firewalld filter_INPUT filters it, too" */
};

struct other_filters {
	struct other_filter *v; /* owned */
	size_t n, room;
};

/* Those that can drop a packet. Returns 0, or -1, said; clear them in any case. */
int other_filters_read(enum backend_kind followed, struct other_filters *filters);
void other_filters_clear(struct other_filters *filters);
/* The first that may drop such a packet; NULL: none, or no filters given. */
const struct other_filter *other_filters_find(const struct other_filters *filters,
					      enum family family, bool input, bool dnat);

/*
 * In which families something filters what comes in to the host itself: a base
 * chain at the input hook, of any table of nf_tables (firewalld's too) or the
 * legacy one, that has a rule or drops by its policy. Sets a bit 1U <<
 * FAMILY_… each. Returns 0, or -1, said.
 */
int input_filtered(unsigned int *families);

#endif
