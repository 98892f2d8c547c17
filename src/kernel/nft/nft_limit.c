/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_limit.h"

#include <linux/netfilter/xt_limit.h>

#include "util.h"

uint32_t nft_limit_avg(uint64_t rate, uint64_t unit)
{
	uint64_t avg;

	if (!rate || unit > UINT64_MAX / XT_LIMIT_SCALE)
		return 0;
	avg = XT_LIMIT_SCALE * unit / rate;
	/* If the nearest value does not give the rate back, it is a different rate. */
	if (!avg || avg > UINT32_MAX || XT_LIMIT_SCALE * unit / avg != rate)
		return 0;
	return (uint32_t)avg;
}

/*
 * Finds the smallest unit in which the rate is whole, or nearly so: a larger unit
 * is kept if a smaller one would leave a remainder above its number of packets.
 */
bool nft_limit_of(uint32_t avg, uint64_t *rate, uint64_t *unit)
{
	static const uint64_t units[] = { 24 * 60 * 60, 60 * 60, 60, 1 };
	size_t i;

	if (!avg)
		return false;
	for (i = 1; i < ARRAY_SIZE(units); i++) {
		uint64_t scaled = units[i] * XT_LIMIT_SCALE;

		if (avg > scaled || scaled / avg < scaled % avg)
			break;
	}
	*unit = units[i - 1];
	*rate = *unit * XT_LIMIT_SCALE / avg;
	return *rate != 0;
}
