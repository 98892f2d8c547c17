/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODE_CMP_H
#define DOCKFW_NFT_DECODE_CMP_H

#include "nft_decoder.h"

/*
 * Decodes comparisons of nf_tables into the parts of a rule: pure, but for the name of an
 * interface that is compared by its number.
 */

/*
 * Put the meaning of a comparison into the rule: of the value in the register
 * with size bytes of data (enum nft_cmp_ops), or with a range of 16 bits. Each
 * returns false after nft_refuse() if iptables has no such thing.
 */
bool nft_decode_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size);
bool nft_decode_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high);
/* Decodes a load that is never used: the interface "+" of old releases. */
bool nft_decode_idle_load(struct nft_decoder *d);

#endif
