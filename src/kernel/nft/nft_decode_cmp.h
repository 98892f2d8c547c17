/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODE_CMP_H
#define DOCKFW_NFT_DECODE_CMP_H

#include "nft_decoder.h"

/* Comparisons of nf_tables to the parts of a rule: pure. */

/*
 * What a comparison (enum nft_cmp_ops) of the value in the register with size
 * bytes of data says, and one with a range of 16 bits, put into the rule. Each
 * returns false, refused, where iptables has no such thing.
 */
bool nft_decode_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size);
bool nft_decode_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high);
/*
 * What a load that nothing looks at says: the interface "+" in old releases.
 */
bool nft_decode_idle_load(struct nft_decoder *d);

#endif
