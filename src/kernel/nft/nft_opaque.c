/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_opaque.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include "backend.h"
#include "deadline.h"
#include "diag.h"
#include "guard_names.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "nft_listed_rule.h"
#include "nft_other_rule.h"
#include "nft_socket.h"

/* The rules of one chain, as they are listed again. */
struct opaque_read {
	struct nft_other_place place;
	const struct table *table;
	const struct chain *chain;
	uint64_t previous; /* handle of the last rule */
	bool broken;       /* what was listed is not one after the other */
};

static bool has_opaque_rule(const struct chain *chain)
{
	for (size_t i = 0; i < chain->nrules; i++)
		if (chain->rules[i]->opaque)
			return true;
	return false;
}

static bool has_opaque(const struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++)
		if (has_opaque_rule(table->chains[c]))
			return true;
	return false;
}

static void take_rule(const struct nlmsghdr *nlh, void *data)
{
	const uint32_t known = NFT_ATTR(NFTA_RULE_TABLE) | NFT_ATTR(NFTA_RULE_CHAIN) |
			       NFT_ATTR(NFTA_RULE_HANDLE) | NFT_ATTR(NFTA_RULE_EXPRESSIONS) |
			       NFT_ATTR(NFTA_RULE_POSITION) | NFT_ATTR(NFTA_RULE_USERDATA) |
			       NFT_ATTR(NFTA_RULE_PAD);
	struct opaque_read *read = data;
	struct nft_other_place *place = &read->place;
	const struct rule *rule;
	struct nft_attrs attrs;
	size_t before;

	if (!nft_is_rule_of(nlh, read->table->name, read->chain->name))
		return;
	read->broken |= !nft_rule_follows(nlh, &read->previous);
	place->number = ++place->filters->chains[place->chain].rules;
	rule = place->number <= read->chain->nrules ? read->chain->rules[place->number - 1] : NULL;
	if (!rule || !rule->opaque || !nft_attrs_message(&attrs, nlh, known) ||
	    !nft_attr_u64(attrs.v[NFTA_RULE_HANDLE], &place->handle) ||
	    place->handle != rule->handle)
		return;
	before = place->filters->chains[place->chain].n;
	nft_other_rule(place, attrs.v[NFTA_RULE_EXPRESSIONS]);
	/* A map without elements leaves nothing of the rule: no packet matches it. */
	if (place->filters->chains[place->chain].n == before)
		other_chain_add(&place->filters->chains[place->chain],
				&(struct other_rule){ .to = OTHER_NOWHERE, .number = place->number,
						      .handle = place->handle });
}

static int read_chain(struct nft_socket *nft, struct opaque_read *read)
{
	struct nlmsghdr *question = nft_request_begin(nft, NFT_MSG_GETRULE, read->place.family);
	int status;

	mnl_attr_put_strz(question, NFTA_RULE_TABLE, read->table->name);
	mnl_attr_put_strz(question, NFTA_RULE_CHAIN, read->chain->name);
	status = nft_request(nft, take_rule, read);
	return !status && read->broken ? BACKEND_CHANGED : status;
}

static int read_table(struct nft_socket *nft, const struct table *table, size_t *elements,
		      size_t *forks, struct other_filters *filters)
{
	struct nft_other_sets sets = { .left = elements, .forks = forks };
	struct opaque_read read = {
		.place = { .filters = filters, .sets = &sets,
			   .family = table->family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6 },
		.table = table,
	};
	int status;

	diag_step(2, "netlink: %s %s has rules that iptables does not understand",
		  family_name(table->family), table->name);
	read.place.table = other_filters_table(filters, table->name, 1U << table->family);
	filters->tables[read.place.table].followed = true;
	for (size_t c = 0; c < table->nchains; c++)
		other_filters_add_chain(filters, table->chains[c]->name)->base =
			table->chains[c]->builtin;
	other_filters_sort(filters);
	status = nft_other_sets_read(nft, read.place.family, table->name, &sets);
	for (size_t c = 0; c < table->nchains && !status; c++) {
		if (!has_opaque_rule(table->chains[c]))
			continue;
		read.chain = table->chains[c];
		read.place.chain = other_filters_chain(filters, read.place.table, read.chain->name);
		read.previous = 0;
		status = read_chain(nft, &read);
	}
	nft_other_sets_clear(&sets);
	return status;
}

static int read_once(const struct snapshot *snapshot, struct other_filters *filters)
{
	size_t elements = NFT_ELEMENTS_MAX, forks = NFT_FORKS_MAX;
	struct nft_socket *nft = nft_socket_open();
	uint32_t generation = 0, now = 0;
	int status = nft ? nft_generation(nft, &generation) : BACKEND_FAILED;

	for (size_t t = 0; t < snapshot->ntables && !status; t++)
		if (has_opaque(snapshot->tables[t]) && !guard_has_name(snapshot->tables[t]->name))
			status = read_table(nft, snapshot->tables[t], &elements, &forks, filters);
	if (!status)
		status = nft_generation(nft, &now);
	if (!status && now != generation)
		status = BACKEND_CHANGED;
	nft_socket_close(nft);
	return status;
}

int nft_read_opaque(const struct snapshot *snapshot, struct other_filters *filters)
{
	struct other_filters read = { 0 };
	unsigned int tries = 0;
	bool wanted = false;
	int status;

	for (size_t t = 0; t < snapshot->ntables && !wanted; t++)
		wanted = has_opaque(snapshot->tables[t]) &&
			 !guard_has_name(snapshot->tables[t]->name);
	if (!wanted)
		return BACKEND_OK;
	deadline_step("reading nf_tables");
	do {
		other_filters_clear(&read);
		status = read_once(snapshot, &read);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	if (!status)
		other_filters_move(filters, &read);
	other_filters_clear(&read);
	return status;
}
