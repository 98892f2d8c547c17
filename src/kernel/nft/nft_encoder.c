/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_encoder.h"

#include <linux/netfilter.h>

#include "nft_headers.h"
#include "util.h"

struct nftnl_expr *nft_add_expr(struct nft_encoder *e, const char *name)
{
	struct nftnl_expr *expr = xgiven(nftnl_expr_alloc(name));

	nftnl_rule_add_expr(e->rule, expr);
	e->count++;
	/* Enough for the names, numbers and headers of any expression without data. */
	e->bytes += 128;
	return expr;
}

void nft_set_text(struct nftnl_expr *expr, uint16_t attr, const char *text)
{
	if (nftnl_expr_set_str(expr, attr, text) < 0)
		xgiven(NULL);
}

void nft_set_data(struct nftnl_expr *expr, uint16_t attr, const void *data, uint32_t size)
{
	if (nftnl_expr_set(expr, attr, data, size) < 0)
		xgiven(NULL);
}

void nft_add_mask(struct nft_encoder *e, const void *mask, uint32_t size)
{
	static const uint8_t none[16];
	struct nftnl_expr *expr = nft_add_expr(e, "bitwise");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, size);
	nft_set_data(expr, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nft_set_data(expr, NFTNL_EXPR_BITWISE_XOR, none, size);
}

void nft_add_cmp(struct nft_encoder *e, uint32_t op, const void *data, uint32_t size)
{
	struct nftnl_expr *expr = nft_add_expr(e, "cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nft_set_data(expr, NFTNL_EXPR_CMP_DATA, data, size);
}
