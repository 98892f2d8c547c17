/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTER_H
#define DOCKFW_OTHER_FILTER_H

#include "rule.h"

/*
 * Base chains outside the iptables tables of one backend, which the kernel evaluates
 * as well: those of firewalld, of nft and of the other backend. No I/O;
 * kernel/other_filters.h reads them.
 */
struct other_filter {
	unsigned int families; /* bits 1U << FAMILY_… */
	bool input;            /* at the input hook; else at the forward hook */
	bool spares_dnat;      /* lets packets with a translated destination pass */
	bool may_drop;         /* may drop a packet, by its policy or by a rule */
	bool filters;          /* has a rule, or policy drop */
	char *reason;          /* owned: "nf_tables inet firewalld filter_INPUT also filters it" */
};

struct other_filters {
	struct other_filter *v; /* owned */
	size_t n, room;
};

/* Takes ownership of filter. */
void other_filters_take(struct other_filters *filters, struct other_filter filter);
void other_filters_clear(struct other_filters *filters);
/* The first filter that may drop such a packet, or NULL; filters may be NULL. */
const struct other_filter *other_filters_find(const struct other_filters *filters,
					      enum family family, bool input, bool dnat);

#endif
