/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_NAT_H
#define DOCKFW_NFT_OTHER_NAT_H

#include "nft_other_value.h"

/*
 * What a rule translates. Each takes the attributes of one expression, nat or redir, and gives
 * the rule its verdict and the new destination, as far as it is known.
 */
void nft_other_take_nat(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_redir(struct nft_other_reading *reading, const struct nft_attrs *expr);

#endif
