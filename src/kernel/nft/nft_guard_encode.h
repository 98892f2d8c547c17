/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_GUARD_ENCODE_H
#define DOCKFW_NFT_GUARD_ENCODE_H

#include "nft_encoder.h"
#include "rule.h"

/*
 * What is written otherwise in the guard's table than in iptables': pure. nft prints its
 * rules in full and can load them again, unless a rule has another match of x_tables.
 *
 * The target REJECT of x_tables is refused in a table that is not named filter.
 * A packet without a connection has no "ct", so "! --ctstate DNAT" does not match it here,
 * although it does in x_tables. Only rules that refuse have that natively.
 */

/*
 * Writes a conntrack match as the expression "ct": one on the state NEW, and at most one on
 * the rest, since it is read back as one. False if it is another match, to be written as in iptables' tables, or one
 * with "! --ctstate DNAT" in a rule that does not refuse: it must not match less there.
 */
bool nft_encode_ct(struct nft_encoder *e, const struct ext *ext);
/*
 * Writes the ports of the match tcp or udp as comparisons of the packet's bytes. False if it
 * is another match, has more conditions than ports, or is not the rule's only one.
 */
bool nft_encode_ports(struct nft_encoder *e, const struct rule *rule, const struct ext *ext);
/* Writes the match on one of the guard's sets. False if it is another match. */
bool nft_encode_set(struct nft_encoder *e, enum family family, const struct ext *ext);
/* Whether its target is REJECT. */
bool nft_is_reject(const struct rule *rule);
/* Writes the target REJECT. Returns NULL, or why it cannot (a constant). */
const char *nft_encode_reject(struct nft_encoder *e, const struct rule *rule);
/*
 * Writes the mark, the rule's last match, as the rule's comment. False if there is none as
 * libxtables makes it.
 */
bool nft_encode_mark(struct nft_encoder *e, const struct rule *rule);

#endif
