/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_LISTED_RULE_H
#define DOCKFW_NFT_LISTED_RULE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/* What a message of a listing (NFT_MSG_NEWRULE) tells about the place of its rule. */

/* Whether the message has a rule of that chain: old kernels dump the rules of all chains. */
bool nft_is_rule_of(const struct nlmsghdr *nlh, const char *table, const char *chain);

/*
 * Whether the rule comes right after the one with the handle *previous (0: it is the first of
 * its chain); *previous becomes its own handle. A long listing comes in several messages, and
 * the kernel goes on by the number of the rule (net/netfilter/nf_tables_api.c,
 * __nf_tables_dump_rules()). A transaction that is being prepared, or is given up, has rules in
 * the same list: rules are then listed twice or not at all, in the same generation.
 */
bool nft_rule_follows(const struct nlmsghdr *nlh, uint64_t *previous);

#endif
