/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_WHEN_H
#define DOCKFW_NFT_OTHER_WHEN_H

#include "nft_other_value.h"

/*
 * The conditions of a rule: what its expressions compare. Each takes the attributes of one
 * expression and adds tests to the rule, or makes it unsure.
 */
void nft_other_cmp(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_range(struct nft_other_reading *reading, const struct nft_attrs *expr);
/* A lookup that has no destination. */
void nft_other_lookup(struct nft_other_reading *reading, const struct nft_attrs *expr);

#endif
