/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_filters.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "nft_attr.h"
#include "nft_builtin.h"
#include "nft_socket.h"
#include "util.h"

#define KNOWN ((1U << NFT_ATTRS) - 1)

/* A base chain at the input or the forward hook. */
struct base_hook {
	uint8_t family; /* of nf_tables */
	bool input, builtin;
	char *table, *chain;
	bool drops;       /* by its policy */
	bool has_rules;
	/* The effect of its rules, from the first to the one that settles it. */
	bool settled, may_drop, spares_dnat;
};

struct base_hooks {
	struct base_hook *v;
	size_t n, room;
};

/* The guard does not count as another filter: a walk follows it, with either backend. */
static bool is_guard(uint8_t family, const char *table, const char *chain)
{
	return (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) && !strcmp(table, GUARD_TABLE) &&
	       nft_builtin(table, chain);
}

static void take_hook(const struct nlmsghdr *nlh, void *data)
{
	struct base_hooks *hooks = data;
	struct nft_attrs attrs, hook;
	const char *table, *chain, *type;
	uint32_t number = 0, policy = NF_ACCEPT;
	const struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);

	/* Unknown attributes do not matter for whether the chain exists. */
	nft_attrs_message(&attrs, nlh, KNOWN);
	nft_attrs_nested(&hook, attrs.v[NFTA_CHAIN_HOOK], KNOWN);
	table = nft_attr_string(attrs.v[NFTA_CHAIN_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_CHAIN_NAME]);
	type = nft_attr_string(attrs.v[NFTA_CHAIN_TYPE]);
	if (table && chain && is_guard(message->nfgen_family, table, chain))
		return;
	if (!table || !chain || !type || strcmp(type, "filter") ||
	    !nft_attr_u32(hook.v[NFTA_HOOK_HOOKNUM], &number) ||
	    (number != NF_INET_LOCAL_IN && number != NF_INET_FORWARD))
		return;
	nft_attr_u32(attrs.v[NFTA_CHAIN_POLICY], &policy);
	GROW(hooks->v, hooks->n, hooks->room);
	hooks->v[hooks->n++] = (struct base_hook){
		.family = message->nfgen_family,
		.input = number == NF_INET_LOCAL_IN,
		.builtin = message->nfgen_family != NFPROTO_INET && nft_builtin(table, chain),
		.table = xstrdup(table),
		.chain = xstrdup(chain),
		.drops = policy == NF_DROP,
	};
}

/* Whether the instruction sets a verdict, and which. */
static bool verdict_of(const struct nft_attrs *expr, uint32_t *code)
{
	struct nft_attrs data, verdict;

	nft_attrs_nested(&data, expr->v[NFTA_IMMEDIATE_DATA], KNOWN);
	nft_attrs_nested(&verdict, data.v[NFTA_DATA_VERDICT], KNOWN);
	return nft_attr_u32(verdict.v[NFTA_VERDICT_CODE], code);
}

/* Whether the attribute holds that value, of 32 bits in the byte order of the host. */
static bool value_is(const struct nlattr *attr, uint32_t wanted)
{
	struct nft_attrs value;
	uint32_t is;

	nft_attrs_nested(&value, attr, KNOWN);
	attr = value.v[NFTA_DATA_VALUE];
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(is))
		return false;
	memcpy(&is, mnl_attr_get_payload(attr), sizeof(is));
	return is == wanted;
}

/* The instructions of a rule so far. */
struct rule_seen {
	bool status, dnat, matched, other, accepts, ends;
};

/* Whether it only compares, loads or counts, and so cannot end a packet's path. */
static bool is_pure(const char *name, const struct nft_attrs *expr)
{
	static const char *const pure[] = { "meta", "cmp", "payload", "range", "fib", "ct", "bitwise",
					    "rt", "exthdr", "socket", "limit", "counter", "log" };
	uint32_t to = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pure); i++)
		if (!strcmp(name, pure[i]))
			return true;
	/* A lookup in a set is pure; a map may hold verdicts. */
	return !strcmp(name, "lookup") && !nft_attr_u32(expr->v[NFTA_LOOKUP_DREG], &to);
}

static void take_expression(const struct nlattr *element, struct rule_seen *seen)
{
	struct nft_attrs outer, expr;
	const char *name;
	uint32_t value = 0;

	nft_attrs_nested(&outer, element, KNOWN);
	name = nft_attr_string(outer.v[NFTA_EXPR_NAME]);
	nft_attrs_nested(&expr, outer.v[NFTA_EXPR_DATA], KNOWN);
	if (!name)
		seen->ends = true;
	else if (!strcmp(name, "counter") || !strcmp(name, "log"))
		return;
	else if (!strcmp(name, "immediate") && verdict_of(&expr, &value))
		*(value == NF_ACCEPT ? &seen->accepts : &seen->ends) = true;
	else if (!strcmp(name, "ct") && !seen->status &&
		 nft_attr_u32(expr.v[NFTA_CT_KEY], &value) && value == NFT_CT_STATUS &&
		 expr.v[NFTA_CT_DREG])
		seen->status = true;
	else if (!strcmp(name, "bitwise") && seen->status && !seen->dnat &&
		 value_is(expr.v[NFTA_BITWISE_MASK], IPS_DST_NAT) &&
		 value_is(expr.v[NFTA_BITWISE_XOR], 0))
		seen->dnat = true;
	else if (!strcmp(name, "cmp") && seen->dnat && !seen->matched &&
		 nft_attr_u32(expr.v[NFTA_CMP_OP], &value) && value == NFT_CMP_NEQ &&
		 value_is(expr.v[NFTA_CMP_DATA], 0))
		seen->matched = true;
	else if (is_pure(name, &expr))
		seen->other = true;
	else
		seen->ends = true;
}

static void take_hook_rule(const struct nlmsghdr *nlh, void *data)
{
	struct base_hook *hook = data;
	struct nft_attrs attrs;
	struct rule_seen seen = { 0 };
	const char *table, *chain;
	const struct nlattr *list;

	nft_attrs_message(&attrs, nlh, KNOWN);
	table = nft_attr_string(attrs.v[NFTA_RULE_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_RULE_CHAIN]);
	if (!table || !chain || strcmp(table, hook->table) || strcmp(chain, hook->chain))
		return;
	hook->has_rules = true;
	if (hook->settled)
		return;
	list = attrs.v[NFTA_RULE_EXPRESSIONS];
	for (const struct nlattr *at = nft_attr_first(list); at; at = nft_attr_next(list, at))
		take_expression(at, &seen);
	hook->settled = hook->may_drop = seen.ends;
	/* firewalld's "ct status dnat accept", before anything that can drop. */
	if (!seen.ends && seen.accepts && seen.matched && !seen.other)
		hook->spares_dnat = true;
}

static int ask_rules(struct nft_socket *nft, struct base_hook *hook)
{
	struct nlmsghdr *question = nft_request_begin(nft, NFT_MSG_GETRULE, hook->family);

	/* The query has room for names as long as iptables'. */
	if (strlen(hook->table) > 64 || strlen(hook->chain) > 64) {
		hook->has_rules = hook->may_drop = true;
		return BACKEND_OK;
	}
	mnl_attr_put_strz(question, NFTA_RULE_TABLE, hook->table);
	mnl_attr_put_strz(question, NFTA_RULE_CHAIN, hook->chain);
	return nft_request(nft, take_hook_rule, hook);
}

static unsigned int hook_families(uint8_t family)
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

static void hooks_clear(struct base_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++) {
		free(hooks->v[i].table);
		free(hooks->v[i].chain);
	}
	free(hooks->v);
	*hooks = (struct base_hooks){ 0 };
}

/* input: only chains at the input hook; but_builtin: without those that iptables makes. */
static int read_once(struct base_hooks *hooks, bool input, bool but_builtin)
{
	struct nft_socket *nft = nft_socket_open();
	uint32_t generation;
	int status = nft ? nft_generation(nft, &generation) : BACKEND_FAILED;

	if (!status && !nft_socket_absent(nft)) {
		nft_request_begin(nft, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
		status = nft_request(nft, take_hook, hooks);
	}
	for (size_t i = 0; i < hooks->n && !status; i++)
		if ((hooks->v[i].input || !input) && !(but_builtin && hooks->v[i].builtin))
			status = ask_rules(nft, &hooks->v[i]);
	nft_socket_close(nft);
	return status;
}

static int read_hooks(struct base_hooks *hooks, bool input, bool but_builtin)
{
	unsigned int tries = 0;
	int status;

	do {
		hooks_clear(hooks);
		status = read_once(hooks, input, but_builtin);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status;
}

static const char *nft_family(uint8_t family)
{
	return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV6 ? "ip6" : "ip";
}

int nft_read_filters(const struct backend_ops *ops, bool input_only, bool but_builtin,
		     struct other_filters *filters)
{
	struct base_hooks hooks = { 0 };
	int status = read_hooks(&hooks, input_only, but_builtin);

	(void)ops;
	for (size_t i = 0; i < hooks.n && !status; i++) {
		const struct base_hook *hook = &hooks.v[i];

		if (!hook_families(hook->family) || (but_builtin && hook->builtin) ||
		    (input_only && !hook->input))
			continue;
		other_filters_take(filters, (struct other_filter){
			.families = hook_families(hook->family),
			.input = hook->input,
			.spares_dnat = hook->spares_dnat,
			.may_drop = hook->drops || hook->may_drop,
			.filters = hook->drops || hook->has_rules,
			.reason = xasprintf("nf_tables %s %s %s also filters it",
					    nft_family(hook->family), hook->table, hook->chain),
		});
	}
	hooks_clear(&hooks);
	return status;
}
