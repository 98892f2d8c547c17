/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_ENCODE_H
#define DOCKFW_NFT_ENCODE_H

#include <libnftnl/rule.h>

#include "rule.h"

/* Encodes rules of iptables-nft's tables, and of the guard's, as expressions: pure. */

/*
 * Returns the rule, with its counters, in the form that every iptables from 1.8.4
 * on reads as that rule; in the guard's table, in that of nft_guard_encode. The caller
 * frees it with nftnl_rule_free(). NULL if nf_tables cannot hold it; *why is then the
 * reason (a constant).
 */
struct nftnl_rule *nft_encode(const struct rule *rule, const char *table, const char *chain,
			      const char **why);

#endif
