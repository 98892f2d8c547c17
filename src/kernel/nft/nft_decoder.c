/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_decoder.h"

#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"

#define REGISTER_BYTES (REGISTERS * NFT_REG32_SIZE)

bool nft_refuse(struct nft_decoder *d, const char *format, ...)
{
	va_list args;
	char *why;

	if (d->rule->opaque)
		return false;
	va_start(args, format);
	why = xvasprintf(format, args);
	va_end(args);
	if (d->expression) {
		d->rule->opaque = xasprintf("expression '%s': %s", d->expression, why);
		free(why);
	} else {
		d->rule->opaque = why;
	}
	return false;
}

bool nft_take_register(struct nft_decoder *d, const struct nlattr *attr, size_t size,
		       unsigned int *at)
{
	uint32_t number;

	if (!nft_attr_u32(attr, &number))
		return nft_refuse(d, "no register");
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		*at = (number - NFT_REG_1) * NFT_REG_SIZE;
	else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		*at = (number - NFT_REG32_00) * NFT_REG32_SIZE;
	else
		return nft_refuse(d, "register %u", number);
	if (*at + size > REGISTER_BYTES)
		return nft_refuse(d, "%zu bytes from register %u on", size, number);
	return true;
}

bool nft_claim_part(struct nft_decoder *d, unsigned int part)
{
	if (d->parts & part)
		return nft_refuse(d, "the same part compared twice");
	d->parts |= part;
	return true;
}

bool nft_in_matches(struct nft_decoder *d)
{
	return d->place == IN_MATCHES ? true : nft_refuse(d, "a condition at the end of the rule");
}

bool nft_at_end(struct nft_decoder *d)
{
	if (d->place == AT_END)
		return nft_refuse(d, "something after the rule's end");
	d->place = AT_END;
	return true;
}

struct ext *nft_add_match(struct nft_decoder *d, const char *name, const void *data, size_t size)
{
	uint8_t padded[XT_ALIGN(1) * 64] = { 0 };

	memcpy(padded, data, size);
	return rule_add_match(d->rule, name, 0, padded, (uint16_t)XT_ALIGN(size));
}
