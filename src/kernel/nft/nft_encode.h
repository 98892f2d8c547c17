/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_ENCODE_H
#define DOCKFW_NFT_ENCODE_H

#include <libnftnl/rule.h>

#include "rule.h"

/* Rules of iptables-nft's tables, to expressions: pure. */

/*
 * The rule in the form that every iptables from 1.8.4 on reads as that rule, with
 * its counters. NULL where nf_tables cannot hold it, *why then says why (a
 * constant). The caller frees it with nftnl_rule_free().
 */
struct nftnl_rule *nft_encode(const struct rule *rule, const char *table, const char *chain,
			      const char **why);

#endif
