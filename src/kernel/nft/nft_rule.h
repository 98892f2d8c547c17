/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_RULE_H
#define DOCKFW_NFT_RULE_H

#include "rule.h"

#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>

/* Rules of iptables-nft's tables, expressions to rules and back: pure. */

/*
 * What iptables-nft compares an interface's name with for "! -i +": no interface
 * can have it.
 */
#define NFT_NO_INTERFACE "INVAL/D"

/*
 * The rule in a message of a dump (NFT_MSG_NEWRULE), whose nlmsg_len is within
 * its buffer. It is read from the message itself and not through libnftnl,
 * which passes over attributes that it does not know. Never NULL; what is not
 * understood to the last attribute makes the rule opaque. The caller frees it.
 */
struct rule *nft_decode(enum family family, const struct nlmsghdr *nlh);

/* Whether the message is of a rule of that chain: old kernels dump all of them. */
bool nft_is_rule_of(const struct nlmsghdr *nlh, const char *table, const char *chain);

/*
 * The rule in the form that every iptables from 1.8.4 on reads as that rule, with
 * its counters. NULL where nf_tables cannot hold it, *why then says why (a
 * constant). The caller frees it with nftnl_rule_free().
 */
struct nftnl_rule *nft_encode(const struct rule *rule, const char *table, const char *chain,
			      const char **why);

/*
 * The rule as it is read back once iptables-nft has written it: some commands
 * are stored as another one that means the same ("! --dport 0:1023" as "--dport
 * 1024:65535"). nft_encode() writes it so; a rule that is to be compared with
 * live ones has to be in this form, too. The caller frees it.
 */
struct rule *nft_as_read(const struct rule *rule);

#endif
