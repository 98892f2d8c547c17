/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTER_H
#define DOCKFW_OTHER_FILTER_H

#include "rule.h"

/*
 * Base chains beside iptables' tables of one backend, which the kernel evaluates as
 * well: those of firewalld and of nft, and those of the other backend. No I/O;
 * kernel/other_filters.h reads them.
 */
struct other_filter {
	unsigned int families; /* bits 1U << FAMILY_… */
	bool input;            /* for what comes in to the host itself; else what is forwarded */
	bool spares_dnat;      /* lets a packet pass whose destination was translated */
	bool may_drop;         /* a packet, by its policy or by a rule */
	bool filters;          /* has a rule, or drops by its policy */
	char *reason;          /* owned: "nf_tables inet firewalld filter_INPUT also filters it" */
};

struct other_filters {
	struct other_filter *v; /* owned */
	size_t n, room;
};

/* Takes the filter over. */
void other_filters_take(struct other_filters *filters, struct other_filter filter);
void other_filters_clear(struct other_filters *filters);
/* The first that may drop such a packet; NULL: none, or no filters given. */
const struct other_filter *other_filters_find(const struct other_filters *filters,
					      enum family family, bool input, bool dnat);

#endif
