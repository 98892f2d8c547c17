/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_listed_rule.h"

#include <string.h>

#include "nft_attr.h"
#include "nft_headers.h"

static bool is_text(const struct nlattr *attr, const char *text)
{
	const char *is = nft_attr_string(attr);

	return is && !strcmp(is, text);
}

bool nft_is_rule_of(const struct nlmsghdr *nlh, const char *table, const char *chain)
{
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, NFT_ATTR(NFTA_RULE_TABLE) | NFT_ATTR(NFTA_RULE_CHAIN));
	return is_text(attrs.v[NFTA_RULE_TABLE], table) && is_text(attrs.v[NFTA_RULE_CHAIN], chain);
}

bool nft_rule_follows(const struct nlmsghdr *nlh, uint64_t *previous)
{
	uint64_t position = 0, before = *previous;
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, NFT_ATTR(NFTA_RULE_HANDLE) | NFT_ATTR(NFTA_RULE_POSITION));
	nft_attr_u64(attrs.v[NFTA_RULE_POSITION], &position);
	*previous = 0;
	nft_attr_u64(attrs.v[NFTA_RULE_HANDLE], previous);
	return position == before;
}
