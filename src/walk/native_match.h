/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NATIVE_MATCH_H
#define DOCKFW_NATIVE_MATCH_H

#include "match.h"
#include "native_sources.h"
#include "other_filter.h"

/*
 * Whether a rule of nf_tables matches a packet whose source is any of a set: as match.h for
 * rules of x_tables. Pure. The functions do what the kernel's expressions do.
 */

/*
 * Fills in what is known of the rule before any packet of that family: which conditions it
 * has on the source.
 */
void native_ready(struct ready_rule *ready, const struct other_rule *rule, enum family family);

/* Evaluates all conditions except those on the source address. */
enum answer native_fixed(const struct native_host *host, const struct other_rule *rule,
			 const struct packet *packet);
/*
 * Evaluates all conditions. ready is what native_ready() made of the rule. The caller clears
 * matched->set.
 */
void native_match(struct native_host *host, const struct ready_rule *ready,
		  const struct other_rule *rule, const struct packet *packet,
		  const struct addrset *sources, struct matched *matched);

#endif
