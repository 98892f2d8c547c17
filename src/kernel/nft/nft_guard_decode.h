/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_GUARD_DECODE_H
#define DOCKFW_NFT_GUARD_DECODE_H

#include "nft_attr.h"
#include "nft_decoder.h"

/*
 * Decodes the expressions that only the guard's rules have, as nft_guard_encode writes
 * them and as nft does when it loads what it has listed: pure. In iptables' tables they
 * mean nothing to iptables. Whatever else they can say makes the rule opaque.
 */

/*
 * "ct": loads the connection's status, direction or original destination port; in iptables'
 * tables its state, which means the same as -m conntrack --ctstate.
 */
void nft_decode_ct(struct nft_decoder *d, const struct nft_attrs *a);
/*
 * Put a comparison of what "ct" loaded into the rule's conntrack match, of which there is
 * one for all of them. What is loaded stays loaded only between the two ends of a range.
 */
void nft_decode_ct_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size);
void nft_decode_ct_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high);
/*
 * Called at the end of the rule. "ct" matches no packet without a connection, unlike
 * "! --ctstate DNAT": a rule that is not written in that way is opaque.
 */
void nft_decode_ct_end(struct nft_decoder *d);
/* "lookup" in one of the guard's sets (model/guard_set.h). */
void nft_decode_lookup(struct nft_decoder *d, const struct nft_attrs *a);
/* "reject" is -j REJECT. */
void nft_decode_reject(struct nft_decoder *d, const struct nft_attrs *a);

#endif
