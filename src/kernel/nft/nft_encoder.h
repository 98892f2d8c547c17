/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_ENCODER_H
#define DOCKFW_NFT_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* which the header of libnftnl's expressions needs */

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

/* Shared by nft_encode and the expressions of the guard: the rule that is being built. */

struct nft_encoder {
	struct nftnl_rule *rule;
	size_t count, bytes; /* expressions, and their size in a message, not less than it is */
	bool guard;          /* the rule is for the guard's table */
	bool refuses;        /* it drops or rejects */
	bool has_ct;         /* the guard's one native conntrack match is written */
};

/* Appends an expression, which belongs to the rule. */
struct nftnl_expr *nft_add_expr(struct nft_encoder *e, const char *name);
/* Set an attribute to a copy, or end the program without memory. */
void nft_set_text(struct nftnl_expr *expr, uint16_t attr, const char *text);
void nft_set_data(struct nftnl_expr *expr, uint16_t attr, const void *data, uint32_t size);

/* Append what handles the value in register 1: a mask, a comparison (enum nft_cmp_ops). */
void nft_add_mask(struct nft_encoder *e, const void *mask, uint32_t size);
void nft_add_cmp(struct nft_encoder *e, uint32_t op, const void *data, uint32_t size);

#endif
