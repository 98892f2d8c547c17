/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_end.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <stdlib.h>
#include <string.h>

#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"
#include "xt_target.h"

/* After an expression: the rule goes on, or ends there. */
enum reached { END_NOT_YET, END_REACHED };

/* Expressions that give no verdict. What some of them can write is no way past a rule. */
static bool never_ends(const char *name)
{
	static const char *const names[] = {
		"bitwise", "byteorder", "cmp", "connlimit", "ct", "dynset", "exthdr", "fib",
		"hash", "last", "limit", "log", "match", "meta", "notrack", "numgen", "osf",
		"quota", "range", "rt", "socket", "tunnel", "xfrm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static enum reached end_unknown(struct rule *rule)
{
	rule->end_known = false;
	return END_NOT_YET;
}

static enum reached read_verdict(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a, verdict;
	const char *chain;
	uint32_t code;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_DATA_VERDICT));
	nft_attrs_nested(&verdict, a.v[NFTA_DATA_VERDICT],
			 NFT_ATTR(NFTA_VERDICT_CODE) | NFT_ATTR(NFTA_VERDICT_CHAIN));
	if (!nft_attr_u32(verdict.v[NFTA_VERDICT_CODE], &code))
		return end_unknown(rule);
	chain = nft_attr_string(verdict.v[NFTA_VERDICT_CHAIN]);
	switch ((int)code) {
	case NFT_CONTINUE:
		return END_NOT_YET;
	case NFT_BREAK:
		return END_REACHED;
	case NF_ACCEPT:
		rule->verdict = VERDICT_ACCEPT;
		return END_REACHED;
	case NF_DROP:
		rule->verdict = VERDICT_DROP;
		return END_REACHED;
	case NFT_RETURN:
		rule->verdict = VERDICT_RETURN;
		return END_REACHED;
	case NF_QUEUE:
		rule->verdict = VERDICT_QUEUE;
		return END_REACHED;
	case NFT_JUMP:
	case NFT_GOTO:
		if (!chain || !*chain)
			return end_unknown(rule);
		rule_set_chain(rule, (int)code == NFT_JUMP ? VERDICT_JUMP : VERDICT_GOTO, chain);
		return END_REACHED;
	default:
		return end_unknown(rule);
	}
}

static enum reached read_immediate(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a;
	uint32_t to;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_IMMEDIATE_DREG) | NFT_ATTR(NFTA_IMMEDIATE_DATA));
	if (!nft_attr_u32(a.v[NFTA_IMMEDIATE_DREG], &to))
		return end_unknown(rule);
	return to == NFT_REG_VERDICT ? read_verdict(rule, a.v[NFTA_IMMEDIATE_DATA]) : END_NOT_YET;
}

static enum reached read_counter(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_COUNTER_PACKETS) | NFT_ATTR(NFTA_COUNTER_BYTES));
	nft_attr_u64(a.v[NFTA_COUNTER_PACKETS], &rule->packets);
	nft_attr_u64(a.v[NFTA_COUNTER_BYTES], &rule->bytes);
	return END_NOT_YET;
}

#define LOOKUP_KNOWN (NFT_ATTR(NFTA_LOOKUP_SET) | NFT_ATTR(NFTA_LOOKUP_SREG) | \
		      NFT_ATTR(NFTA_LOOKUP_DREG) | NFT_ATTR(NFTA_LOOKUP_SET_ID) | \
		      NFT_ATTR(NFTA_LOOKUP_FLAGS))

/* A lookup in a set has no destination; one in a map of verdicts writes a verdict. */
static enum reached read_lookup(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a;
	uint32_t to;

	if (!nft_attrs_nested(&a, data, LOOKUP_KNOWN))
		return end_unknown(rule);
	if (a.v[NFTA_LOOKUP_DREG] &&
	    (!nft_attr_u32(a.v[NFTA_LOOKUP_DREG], &to) || to == NFT_REG_VERDICT))
		return end_unknown(rule);
	return END_NOT_YET;
}

/* A packet whose addresses or ports change is another one for the rules that follow. */
static enum reached read_payload(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_PAYLOAD_SREG));
	return a.v[NFTA_PAYLOAD_SREG] ? end_unknown(rule) : END_NOT_YET;
}

/* Objects count, limit or help, but a synproxy takes the packet. */
static enum reached read_object(struct rule *rule, const struct nlattr *data)
{
	struct nft_attrs a;
	uint32_t type;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_OBJREF_IMM_TYPE));
	if (!nft_attr_u32(a.v[NFTA_OBJREF_IMM_TYPE], &type) || type == NFT_OBJECT_UNSPEC ||
	    type > NFT_OBJECT_CT_EXPECT)
		return end_unknown(rule);
	return END_NOT_YET;
}

static enum reached read_reject(struct rule *rule, const struct nlattr *data)
{
	(void)data;
	rule_set_target(rule, "REJECT", 0, NULL, 0);
	return END_REACHED;
}

static enum reached read_target(struct rule *rule, const struct nlattr *data)
{
	struct ext target = { 0 };
	struct nft_attrs a;
	const char *name;

	nft_attrs_nested(&a, data, NFT_ATTR(NFTA_TARGET_NAME));
	name = nft_attr_string(a.v[NFTA_TARGET_NAME]);
	if (!name || strlen(name) >= sizeof(target.name))
		return end_unknown(rule);
	if (!strcmp(name, "REJECT"))
		return read_reject(rule, data);
	memcpy(target.name, name, strlen(name));
	return xt_target_never_accepts(&target) ? END_NOT_YET : end_unknown(rule);
}

static enum reached read_expression(struct rule *rule, const struct nlattr *elem)
{
	static const struct {
		const char *name;
		enum reached (*read)(struct rule *rule, const struct nlattr *data);
	} readers[] = {
		{ "immediate", read_immediate }, { "counter", read_counter },
		{ "lookup", read_lookup }, { "payload", read_payload },
		{ "objref", read_object }, { "reject", read_reject }, { "target", read_target },
	};
	struct nft_attrs a;
	const char *name;

	nft_attrs_nested(&a, elem, NFT_ATTR(NFTA_EXPR_NAME) | NFT_ATTR(NFTA_EXPR_DATA));
	name = nft_attr_string(a.v[NFTA_EXPR_NAME]);
	if (!name || mnl_attr_get_type(elem) != NFTA_LIST_ELEM)
		return end_unknown(rule);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (!strcmp(readers[i].name, name))
			return readers[i].read(rule, a.v[NFTA_EXPR_DATA]);
	return never_ends(name) ? END_NOT_YET : end_unknown(rule);
}

void nft_read_end(struct rule *rule, const struct nlattr *list)
{
	const struct nlattr *elem = nft_attr_first(list);
	size_t size, left = list ? mnl_attr_get_payload_len(list) : 0;
	enum reached step = END_NOT_YET;

	nft_set_end(rule, VERDICT_NONE);
	for (; elem && step == END_NOT_YET; elem = nft_attr_next(list, elem)) {
		step = read_expression(rule, elem);
		size = MNL_ALIGN(elem->nla_len);
		left -= left < size ? left : size;
	}
	if (step == END_NOT_YET && left)
		rule->end_known = false;
}

/* The map, if the expression is a lookup in one of verdicts. */
static const char *map_of(const struct nlattr *elem)
{
	struct nft_attrs a, lookup;
	const char *name;
	uint32_t to;

	nft_attrs_nested(&a, elem, NFT_ATTR(NFTA_EXPR_NAME) | NFT_ATTR(NFTA_EXPR_DATA));
	name = nft_attr_string(a.v[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, "lookup") || mnl_attr_get_type(elem) != NFTA_LIST_ELEM ||
	    !nft_attrs_nested(&lookup, a.v[NFTA_EXPR_DATA], LOOKUP_KNOWN) ||
	    !nft_attr_u32(lookup.v[NFTA_LOOKUP_DREG], &to) || to != NFT_REG_VERDICT)
		return NULL;
	return nft_attr_string(lookup.v[NFTA_LOOKUP_SET]);
}

const char *nft_end_map(const struct nlattr *list)
{
	struct rule *rule = rule_new(FAMILY_IPV4);
	enum reached step = END_NOT_YET;
	const char *map = NULL;

	rule->end_known = true;
	for (const struct nlattr *elem = nft_attr_first(list);
	     elem && !map && step == END_NOT_YET && rule->end_known;
	     elem = nft_attr_next(list, elem)) {
		map = map_of(elem);
		step = read_expression(rule, elem);
	}
	rule_free(rule);
	return map;
}

void nft_set_end(struct rule *rule, enum verdict verdict)
{
	free(rule->chain);
	free(rule->target.data);
	rule->chain = NULL;
	rule->target = (struct ext){ 0 };
	rule->verdict = verdict;
	rule->end_known = true;
}
