/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_verdict_maps.h"

#include <netinet/in.h> /* before the kernel's headers */
#include <linux/netfilter.h>
#include <stdlib.h>

#include "backend.h"
#include "nft_attr.h"
#include "nft_end.h"
#include "nft_headers.h"
#include "nft_other_sets.h"
#include "util.h"

void nft_verdict_maps_note(struct nft_verdict_maps *maps, struct rule *rule,
			   const struct nlmsghdr *nlh)
{
	const uint32_t known = NFT_ATTR(NFTA_RULE_TABLE) | NFT_ATTR(NFTA_RULE_CHAIN) |
			       NFT_ATTR(NFTA_RULE_HANDLE) | NFT_ATTR(NFTA_RULE_EXPRESSIONS) |
			       NFT_ATTR(NFTA_RULE_POSITION) | NFT_ATTR(NFTA_RULE_USERDATA) |
			       NFT_ATTR(NFTA_RULE_PAD);
	struct nft_attrs attrs;
	const char *name;

	/* With an attribute that is not known, the rule may do anything else as well. */
	if (!rule_is_unknown(rule) || !nft_attrs_message(&attrs, nlh, known))
		return;
	name = nft_end_map(attrs.v[NFTA_RULE_EXPRESSIONS]);
	if (!name)
		return;
	rule->by_map = true;
	GROW(maps->v, maps->n, maps->room);
	maps->v[maps->n++] = (struct nft_verdict_map){ rule, xstrdup(name) };
}

/* Whether all that the map does with a packet is to drop it; an empty one does nothing. */
static bool only_drops(const struct nft_other_set *set)
{
	if (!set || !set->verdicts || set->unread || set->unsure)
		return false;
	for (size_t i = 0; i < set->n; i++)
		if (!set->v[i].interval_end && set->v[i].verdict != NF_DROP)
			return false;
	return true;
}

static bool has_element(const struct nft_other_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (!set->v[i].interval_end)
			return true;
	return false;
}

int nft_verdict_maps_read(const struct nft_verdict_maps *maps, struct nft_socket *nft,
			  uint8_t family, const char *table)
{
	size_t elements = NFT_ELEMENTS_MAX, forks = 0;
	int status = BACKEND_OK;

	for (size_t i = 0; i < maps->n && !status; i++) {
		struct nft_other_sets sets = { .left = &elements, .forks = &forks };
		const struct nft_other_set *set;

		status = nft_other_sets_read_one(nft, family, table, maps->v[i].name, &sets);
		set = nft_other_sets_find(&sets, maps->v[i].name);
		if (!status && only_drops(set))
			nft_set_end(maps->v[i].rule, has_element(set) ? VERDICT_DROP : VERDICT_NONE);
		nft_other_sets_clear(&sets);
	}
	return status;
}

void nft_verdict_maps_clear(struct nft_verdict_maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		free(maps->v[i].name);
	free(maps->v);
	*maps = (struct nft_verdict_maps){ 0 };
}
