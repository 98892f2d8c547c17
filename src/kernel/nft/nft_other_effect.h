/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_EFFECT_H
#define DOCKFW_NFT_OTHER_EFFECT_H

#include "nft_other_value.h"

/* What a rule does with the packets that it matches, apart from translation. */

/* Whether it matches or not is not known. */
void nft_other_unsure(struct nft_other_reading *reading);
/* Gives the rule its verdict: nothing after it is read. */
void nft_other_end(struct nft_other_reading *reading, enum other_verdict verdict);
/* The rule may do anything. */
void nft_other_anything(struct nft_other_reading *reading);

/*
 * Gives the rule the verdict with that number of nf_tables (NFTA_VERDICT_CODE); NFT_CONTINUE
 * is none. chain is where it jumps to, or NULL.
 */
void nft_other_take_code(struct nft_other_reading *reading, int32_t code, const char *chain);

/*
 * Each takes the attributes of one expression and gives the rule its verdict or a change. The
 * first four load a register instead if the expression does that.
 */
void nft_other_take_immediate(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_meta(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_ct(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_payload(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_object(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_synproxy(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_dynset(struct nft_other_reading *reading, const struct nft_attrs *expr);
/* Those of x_tables: the target, and a match, which is not evaluated. */
void nft_other_take_target(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_take_match(struct nft_other_reading *reading, const struct nft_attrs *expr);

#endif
