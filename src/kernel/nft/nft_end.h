/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_END_H
#define DOCKFW_NFT_END_H

#include <libmnl/libmnl.h>

#include "rule.h"

/*
 * What an opaque rule can do with a packet, whatever it matches: pure.
 *
 * The kernel evaluates the expressions of a rule in turn until one of them ends it
 * (nft_do_chain() in net/netfilter/nf_tables_core.c). Only a few can do so with a verdict:
 * immediate, a lookup in a map of verdicts, reject, targets of x_tables, and the ones that
 * take or pass on the packet (queue, nat, masq, redir, tproxy, synproxy, dup, fwd,
 * flow_offload). All others continue, or the rule does not match.
 */

/*
 * Reads the end of an opaque rule, and its counter, from its list of expressions: sets
 * verdict, chain, target and end_known. Without a known end, verdict and chain hold the
 * first one that is certain to be in the rule.
 */
void nft_read_end(struct rule *rule, const struct nlattr *list);

/*
 * The name of the map of verdicts whose elements end the rule, if nothing before that lookup
 * can: what is after it is only evaluated if an element continues. Points into the list; NULL:
 * there is none.
 */
const char *nft_end_map(const struct nlattr *list);

/* Makes the verdict, which names no chain, the known end of an opaque rule. */
void nft_set_end(struct rule *rule, enum verdict verdict);

#endif
