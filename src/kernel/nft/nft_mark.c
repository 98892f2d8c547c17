/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_mark.h"

#include <string.h>

const struct nft_mark nft_mark = { .length = sizeof(RULE_MARK), .text = RULE_MARK };

bool nft_is_marked(const struct nlattr *userdata)
{
	size_t left = userdata ? mnl_attr_get_payload_len(userdata) : 0, size;
	const uint8_t *at = userdata ? mnl_attr_get_payload(userdata) : NULL;

	for (; left >= 2 && at[1] <= left - 2; at += size, left -= size) {
		size = 2 + (size_t)at[1];
		if (at[0] == nft_mark.type)
			return size == sizeof(nft_mark) && !memcmp(at, &nft_mark, size);
	}
	return false;
}
