/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input_filter.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diag.h"
#include "nft_attr.h"
#include "nft_socket.h"
#include "session.h"

/* A base chain at the input hook. */
struct hook {
	uint8_t family; /* of nf_tables */
	char *table, *chain;
	bool filters;
};

struct hooks {
	struct hook *v;
	size_t n, room;
};

static void take_chain(const struct nlmsghdr *nlh, void *data)
{
	const uint32_t known = (1U << NFT_ATTRS) - 1;
	struct hooks *hooks = data;
	struct nft_attrs attrs, hook;
	const char *table, *chain, *type;
	uint32_t number = 0, policy = NF_ACCEPT;
	const struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);

	/* What is not known in it does not matter for whether it is there. */
	nft_attrs_message(&attrs, nlh, known);
	nft_attrs_nested(&hook, attrs.v[NFTA_CHAIN_HOOK], known);
	table = nft_attr_string(attrs.v[NFTA_CHAIN_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_CHAIN_NAME]);
	type = nft_attr_string(attrs.v[NFTA_CHAIN_TYPE]);
	if (!table || !chain || !type || strcmp(type, "filter") ||
	    !nft_attr_u32(hook.v[NFTA_HOOK_HOOKNUM], &number) || number != NF_INET_LOCAL_IN)
		return;
	nft_attr_u32(attrs.v[NFTA_CHAIN_POLICY], &policy);
	GROW(hooks->v, hooks->n, hooks->room);
	hooks->v[hooks->n++] = (struct hook){
		.family = message->nfgen_family,
		.table = xstrdup(table),
		.chain = xstrdup(chain),
		.filters = policy == NF_DROP,
	};
}

static void take_rule(const struct nlmsghdr *nlh, void *data)
{
	struct hook *hook = data;
	struct nft_attrs attrs;
	const char *table, *chain;

	nft_attrs_message(&attrs, nlh, (1U << NFT_ATTRS) - 1);
	table = nft_attr_string(attrs.v[NFTA_RULE_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_RULE_CHAIN]);
	if (table && chain && !strcmp(table, hook->table) && !strcmp(chain, hook->chain))
		hook->filters = true;
}

static int ask_rules(struct nft_socket *nft, struct hook *hook)
{
	struct nlmsghdr *question = nft_question(nft, NFT_MSG_GETRULE, hook->family);

	/* The question holds names as long as iptables' are. */
	if (strlen(hook->table) > 64 || strlen(hook->chain) > 64) {
		hook->filters = true;
		return BACKEND_OK;
	}
	mnl_attr_put_strz(question, NFTA_RULE_TABLE, hook->table);
	mnl_attr_put_strz(question, NFTA_RULE_CHAIN, hook->chain);
	return nft_ask(nft, take_rule, hook);
}

static unsigned int families_of(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return 1U << FAMILY_IPV4;
	case NFPROTO_IPV6:
		return 1U << FAMILY_IPV6;
	case NFPROTO_INET:
		return 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	default:
		return 0;
	}
}

static int in_nft(unsigned int *families)
{
	struct nft_socket *nft = nft_socket_open();
	struct hooks hooks = { 0 };
	uint32_t generation;
	int status = nft ? nft_generation(nft, &generation) : BACKEND_FAILED;

	if (!status && !nft_socket_absent(nft)) {
		nft_question(nft, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
		status = nft_ask(nft, take_chain, &hooks);
	}
	for (size_t i = 0; i < hooks.n; i++) {
		if (!status && !hooks.v[i].filters)
			status = ask_rules(nft, &hooks.v[i]);
		if (hooks.v[i].filters)
			*families |= families_of(hooks.v[i].family);
		free(hooks.v[i].table);
		free(hooks.v[i].chain);
	}
	free(hooks.v);
	nft_socket_close(nft);
	return status;
}

static struct chain *next_input(const struct policy *policy, const struct snapshot *snapshot,
				struct table **table)
{
	(void)policy;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		struct chain *input = table_chain(snapshot->tables[t], "INPUT");

		*table = snapshot->tables[t];
		if (input && !input->loaded)
			return input;
	}
	return NULL;
}

static int in_legacy(unsigned int *families)
{
	static const char *const filter[] = { "filter", NULL };
	struct policy both = { .families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6 };
	struct snapshot *snapshot;

	if (snapshot_read(&backend_legacy, &both, filter, next_input, &snapshot))
		return -1;
	for (size_t t = 0; t < snapshot->ntables; t++) {
		const struct chain *input = table_chain(snapshot->tables[t], "INPUT");

		if (input && (input->policy == VERDICT_DROP || input->nrules))
			*families |= 1U << snapshot->tables[t]->family;
	}
	snapshot_free(snapshot);
	return 0;
}

int input_filtered(unsigned int *families)
{
	unsigned int tries = 0;
	int status;

	do {
		*families = 0;
		status = in_nft(families);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status || in_legacy(families) ? -1 : 0;
}
