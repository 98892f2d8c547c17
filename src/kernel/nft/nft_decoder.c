/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_decoder.h"

#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

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

struct ext *nft_add_match(struct nft_decoder *d, const char *name, const void *data, size_t size)
{
	uint8_t padded[XT_ALIGN(1) * 64] = { 0 };

	memcpy(padded, data, size);
	return rule_add_match(d->rule, name, 0, padded, (uint16_t)XT_ALIGN(size));
}
