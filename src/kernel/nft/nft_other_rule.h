/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_RULE_H
#define DOCKFW_NFT_OTHER_RULE_H

#include <libmnl/libmnl.h>

#include "nft_other_sets.h"
#include "other_filter.h"

/* Where a rule is that is read. */
struct nft_other_place {
	struct other_filters *filters; /* what the rule's tests borrow is put there */
	size_t table;                  /* in filters */
	size_t chain;                  /* in filters: takes the rule */
	uint8_t family;                /* of nf_tables */
	struct nft_other_sets *sets;   /* of the table; NULL: none was read */
	size_t number;                 /* of the rule in its chain, from 1 */
	uint64_t handle;               /* see struct other_rule; 0: of another table */
};

/*
 * Reads the rule with this list of expressions (NFTA_RULE_EXPRESSIONS) and adds it to its
 * chain: more than one rule if it looks something up in a map. A condition that is not known
 * here makes the rule unsure; an expression that is not known can do anything.
 */
void nft_other_rule(const struct nft_other_place *place, const struct nlattr *expressions);

/* Whether the rule has a match or a target of x_tables. */
bool nft_other_has_xt(const struct nlattr *expressions);

/*
 * Whether a rule with these expressions, in a table of that nf_tables family, leaves
 * addresses, ports, marks and connection tracking of every packet as they are. Sets relays to
 * whether it may be a synproxy.
 */
bool nft_other_keeps_packet(uint8_t family, const struct nlattr *expressions, bool *relays);

#endif
