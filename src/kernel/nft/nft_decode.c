/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_decode.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_LOG.h>
#include <linux/netfilter/xt_limit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "guard_set.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "nft_other_rule.h"
#include "nft_canonical.h"
#include "nft_certain.h"
#include "nft_decode_cmp.h"
#include "nft_end.h"
#include "nft_guard_decode.h"
#include "nft_limit.h"
#include "util.h"
#include "xt_target.h"

/* The walk over a rule's expressions. */

/* Whether the instruction reads the value that was loaded, from its first byte. */
static bool take_loaded(struct nft_decoder *d, const struct nlattr *attr)
{
	unsigned int at = 0;

	if (!nft_take_register(d, attr, 0, &at))
		return false;
	if (d->load.kind == LOAD_NONE || d->load.at != at)
		return nft_refuse(d, "register that nothing was loaded to");
	return true;
}

/* The bytes of a NFTA_DATA_VALUE in an attribute; NULL after nft_refuse() if it has none. */
static const uint8_t *take_value(struct nft_decoder *d, const struct nlattr *attr, size_t *size)
{
	struct nft_attrs data;

	if (!attr || !nft_attrs_nested(&data, attr, NFT_ATTR(NFTA_DATA_VALUE)) ||
	    !data.v[NFTA_DATA_VALUE]) {
		nft_refuse(d, "no value");
		return NULL;
	}
	*size = mnl_attr_get_payload_len(data.v[NFTA_DATA_VALUE]);
	if (*size < 1 || *size > sizeof(d->load.mask)) {
		nft_refuse(d, "a value of %zu bytes", *size);
		return NULL;
	}
	return mnl_attr_get_payload(data.v[NFTA_DATA_VALUE]);
}

static void take_load(struct nft_decoder *d, struct nft_load load)
{
	if (nft_decode_idle_load(d))
		d->load = load;
}

/* ---- conditions ---- */

static void decode_trace(struct nft_decoder *d, const struct nft_attrs *a)
{
	uint32_t key;

	if (!nft_attr_u32(a->v[NFTA_META_KEY], &key) || key != NFT_META_NFTRACE) {
		nft_refuse(d, "set of something other than the trace mark");
		return;
	}
	if (!take_loaded(d, a->v[NFTA_META_SREG]))
		return;
	if (d->load.kind != LOAD_IMMEDIATE || d->load.value != 1) {
		nft_refuse(d, "trace mark that is not 1");
		return;
	}
	d->load.kind = LOAD_NONE;
	if (nft_at_end(d))
		rule_set_target(d->rule, "TRACE", 0, NULL, 0);
}

static void decode_meta(struct nft_decoder *d, const struct nft_attrs *a)
{
	static const uint8_t sizes[] = {
		[NFT_META_MARK] = 4,
		[NFT_META_IIF] = 4,
		[NFT_META_OIF] = 4,
		[NFT_META_IIFNAME] = IFNAMSIZ,
		[NFT_META_OIFNAME] = IFNAMSIZ,
		[NFT_META_L4PROTO] = 1,
		[NFT_META_PKTTYPE] = 1,
	};
	struct nft_load load = { .kind = LOAD_META };

	if (a->v[NFTA_META_SREG] && !a->v[NFTA_META_DREG]) {
		decode_trace(d, a);
		return;
	}
	if (a->v[NFTA_META_SREG] || !nft_attr_u32(a->v[NFTA_META_KEY], &load.key)) {
		nft_refuse(d, "neither load nor set");
		return;
	}
	if (load.key >= sizeof(sizes) || !sizes[load.key]) {
		nft_refuse(d, "meta key %u", load.key);
		return;
	}
	load.size = sizes[load.key];
	if (nft_in_matches(d) && nft_take_register(d, a->v[NFTA_META_DREG], load.size, &load.at))
		take_load(d, load);
}

static void decode_payload(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct nft_load load = { .kind = LOAD_PAYLOAD };

	if (!nft_attr_u32(a->v[NFTA_PAYLOAD_BASE], &load.base) ||
	    !nft_attr_u32(a->v[NFTA_PAYLOAD_OFFSET], &load.offset) ||
	    !nft_attr_u32(a->v[NFTA_PAYLOAD_LEN], &load.size) || !load.size ||
	    load.size > sizeof(load.mask))
		nft_refuse(d, "load of an odd place");
	else if (nft_in_matches(d) &&
		 nft_take_register(d, a->v[NFTA_PAYLOAD_DREG], load.size, &load.at))
		take_load(d, load);
}

static void decode_bitwise(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct nft_load *load = &d->load;
	uint32_t size = 0, op = NFT_BITWISE_BOOL;
	size_t mask_size = 0, xor_size = 0;
	const uint8_t *mask, *xor;
	unsigned int to = 0;

	if (a->v[NFTA_BITWISE_OP] && !nft_attr_u32(a->v[NFTA_BITWISE_OP], &op)) {
		nft_refuse(d, "no operation");
		return;
	}
	if (op != NFT_BITWISE_BOOL) {
		nft_refuse(d, "operation %u", op);
		return;
	}
	mask = take_value(d, a->v[NFTA_BITWISE_MASK], &mask_size);
	xor = take_value(d, a->v[NFTA_BITWISE_XOR], &xor_size);
	if (!mask || !xor || !nft_in_matches(d) || !take_loaded(d, a->v[NFTA_BITWISE_SREG]) ||
	    !nft_take_register(d, a->v[NFTA_BITWISE_DREG], load->size, &to))
		return;
	if (to != load->at || !nft_attr_u32(a->v[NFTA_BITWISE_LEN], &size) ||
	    size != load->size || mask_size != size || xor_size != size || load->masked) {
		nft_refuse(d, "a mask that does not fit the value");
		return;
	}
	for (size_t i = 0; i < size; i++)
		if (xor[i]) {
			nft_refuse(d, "bits that are inverted");
			return;
		}
	load->masked = true;
	memcpy(load->mask, mask, size);
}

static void decode_cmp(struct nft_decoder *d, const struct nft_attrs *a)
{
	const uint8_t *data;
	size_t size = 0;
	uint32_t op;

	if (!nft_attr_u32(a->v[NFTA_CMP_OP], &op)) {
		nft_refuse(d, "no operator");
		return;
	}
	data = take_value(d, a->v[NFTA_CMP_DATA], &size);
	if (data && nft_in_matches(d) && take_loaded(d, a->v[NFTA_CMP_SREG])) {
		if (d->load.kind == LOAD_CT) {
			nft_decode_ct_cmp(d, op, data, size);
			return;
		}
		nft_decode_cmp(d, op, data, size);
	}
	/* The last port of a range is compared with the same value. */
	if (!d->load.from)
		d->load.kind = LOAD_NONE;
}

static void decode_range(struct nft_decoder *d, const struct nft_attrs *a)
{
	size_t low_size = 0, high_size = 0;
	const uint8_t *low, *high;
	uint16_t first, last;
	uint32_t op;

	if (!nft_attr_u32(a->v[NFTA_RANGE_OP], &op) ||
	    (op != NFT_RANGE_EQ && op != NFT_RANGE_NEQ)) {
		nft_refuse(d, "unknown operator");
		return;
	}
	low = take_value(d, a->v[NFTA_RANGE_FROM_DATA], &low_size);
	high = take_value(d, a->v[NFTA_RANGE_TO_DATA], &high_size);
	if (!low || !high || low_size != 2 || high_size != 2) {
		nft_refuse(d, "range of something that is not a port");
	} else if (nft_in_matches(d) && take_loaded(d, a->v[NFTA_RANGE_SREG])) {
		first = (uint16_t)(low[0] << 8 | low[1]);
		last = (uint16_t)(high[0] << 8 | high[1]);
		if (d->load.kind == LOAD_CT)
			nft_decode_ct_range(d, op == NFT_RANGE_NEQ, first, last);
		else
			nft_decode_range(d, op == NFT_RANGE_NEQ, first, last);
	}
	d->load.kind = LOAD_NONE;
}

/* An extension of x_tables; matches and targets have the same attributes. */
_Static_assert(NFTA_MATCH_NAME == (int)NFTA_TARGET_NAME && NFTA_MATCH_REV == (int)NFTA_TARGET_REV &&
	       NFTA_MATCH_INFO == (int)NFTA_TARGET_INFO, "match and target are alike");

struct xt {
	const char *name;
	uint8_t revision;
	const void *data;
	uint16_t size;
};

static bool take_xt(struct nft_decoder *d, const struct nft_attrs *a, struct xt *xt)
{
	const struct nlattr *info = a->v[NFTA_MATCH_INFO];
	uint32_t revision;

	xt->name = nft_attr_string(a->v[NFTA_MATCH_NAME]);
	if (!xt->name || !*xt->name || strlen(xt->name) >= EXT_NAME_SIZE)
		return nft_refuse(d, "no name");
	if (!nft_attr_u32(a->v[NFTA_MATCH_REV], &revision) || revision > UINT8_MAX || !info)
		return nft_refuse(d, "'%s' that is not complete", xt->name);
	xt->revision = (uint8_t)revision;
	xt->data = mnl_attr_get_payload(info);
	xt->size = mnl_attr_get_payload_len(info);
	return true;
}

static void decode_match(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct xt xt = { 0 };

	if (!nft_in_matches(d) || !take_xt(d, a, &xt))
		return;
	rule_add_match(d->rule, xt.name, xt.revision, xt.data, xt.size);
	d->old_form |= !strcmp(xt.name, "tcp") || !strcmp(xt.name, "udp") ||
		       !strcmp(xt.name, "limit");
}

static void decode_limit(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct xt_rateinfo info = { 0 };
	uint32_t type = NFT_LIMIT_PKTS, flags = 0;
	uint64_t rate, unit;

	if (!nft_attr_u64(a->v[NFTA_LIMIT_RATE], &rate) ||
	    !nft_attr_u64(a->v[NFTA_LIMIT_UNIT], &unit) ||
	    !nft_attr_u32(a->v[NFTA_LIMIT_BURST], &info.burst) ||
	    (a->v[NFTA_LIMIT_TYPE] && !nft_attr_u32(a->v[NFTA_LIMIT_TYPE], &type)) ||
	    (a->v[NFTA_LIMIT_FLAGS] && !nft_attr_u32(a->v[NFTA_LIMIT_FLAGS], &flags)) ||
	    type != NFT_LIMIT_PKTS || flags || !nft_in_matches(d)) {
		nft_refuse(d, "limit of another kind");
		return;
	}
	info.avg = nft_limit_avg(rate, unit);
	if (!info.avg) {
		nft_refuse(d, "rate that iptables does not have");
		return;
	}
	nft_add_match(d, "limit", &info, sizeof(info))->usersize =
		offsetof(struct xt_rateinfo, prev);
}

/* ---- the end of the rule ---- */

static void decode_counter(struct nft_decoder *d, const struct nft_attrs *a)
{
	if (!nft_attr_u64(a->v[NFTA_COUNTER_PACKETS], &d->rule->packets) ||
	    !nft_attr_u64(a->v[NFTA_COUNTER_BYTES], &d->rule->bytes))
		nft_refuse(d, "no counter values");
	if (d->place != IN_MATCHES)
		nft_refuse(d, "not before the rule's end");
	d->place = IN_ACTION;
}

static void decode_verdict(struct nft_decoder *d, const struct nlattr *attr)
{
	struct rule *rule = d->rule;
	const char *chain = NULL;
	struct nft_attrs a;
	uint32_t code;

	if (!nft_attrs_nested(&a, attr,
			      NFT_ATTR(NFTA_VERDICT_CODE) | NFT_ATTR(NFTA_VERDICT_CHAIN)) ||
	    !nft_attr_u32(a.v[NFTA_VERDICT_CODE], &code)) {
		nft_refuse(d, "no verdict");
		return;
	}
	chain = nft_attr_string(a.v[NFTA_VERDICT_CHAIN]);
	if (!nft_at_end(d))
		return;
	switch ((int)code) {
	case NF_ACCEPT:
		rule->verdict = VERDICT_ACCEPT;
		break;
	case NF_DROP:
		rule->verdict = VERDICT_DROP;
		break;
	case NFT_RETURN:
		rule->verdict = VERDICT_RETURN;
		break;
	case NF_QUEUE:
		/* iptables-nft neither writes nor reads this verdict. */
		rule->verdict = VERDICT_QUEUE;
		nft_refuse(d, "verdict queue");
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		if (chain && *chain)
			rule_set_chain(rule, (int)code == NFT_JUMP ? VERDICT_JUMP : VERDICT_GOTO,
				       chain);
		else
			nft_refuse(d, "jump to nowhere");
		return;
	default:
		nft_refuse(d, "verdict %d", (int)code);
	}
	if (a.v[NFTA_VERDICT_CHAIN])
		nft_refuse(d, "verdict with a chain");
}

static void decode_immediate(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct nft_load load = { .kind = LOAD_IMMEDIATE, .size = 1 };
	const struct nlattr *nest = a->v[NFTA_IMMEDIATE_DATA];
	const uint8_t *value;
	struct nft_attrs data;
	uint32_t to;
	size_t size = 0;

	if (nft_attr_u32(a->v[NFTA_IMMEDIATE_DREG], &to) && to == NFT_REG_VERDICT && nest &&
	    nft_attrs_nested(&data, nest, NFT_ATTR(NFTA_DATA_VERDICT)) &&
	    data.v[NFTA_DATA_VERDICT]) {
		decode_verdict(d, data.v[NFTA_DATA_VERDICT]);
		return;
	}
	value = take_value(d, nest, &size);
	if (!value || !nft_take_register(d, a->v[NFTA_IMMEDIATE_DREG], 1, &load.at))
		return;
	if (size != 1 || d->place == AT_END) {
		nft_refuse(d, "value that is not the trace mark's");
		return;
	}
	load.value = value[0];
	d->place = IN_ACTION;
	take_load(d, load);
}

static void decode_target(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct xt xt = { 0 };

	if (!take_xt(d, a, &xt) || !nft_at_end(d))
		return;
	/* Longer data stands for a prefix that no extension holds, see decode_log(). */
	if (!strcmp(xt.name, "NFLOG") && xt.size > XT_ALIGN(sizeof(struct xt_nflog_info)))
		nft_refuse(d, "'NFLOG' of %u bytes", xt.size);
	else
		rule_set_target(d->rule, xt.name, xt.revision, xt.data, xt.size);
	d->old_form |= !strcmp(xt.name, "NFLOG");
}

/* To the kernel's log: as -j LOG, which has no other levels and shorter prefixes. */
static void decode_kernel_log(struct nft_decoder *d, const struct nft_attrs *a, const char *prefix)
{
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_log_info))];
		struct xt_log_info info;
	} data = { { 0 } };
	uint32_t level = NFT_LOGLEVEL_WARNING, flags = 0;

	if (!prefix || strlen(prefix) >= sizeof(data.info.prefix) || a->v[NFTA_LOG_SNAPLEN] ||
	    a->v[NFTA_LOG_QTHRESHOLD] ||
	    (a->v[NFTA_LOG_LEVEL] && !nft_attr_u32(a->v[NFTA_LOG_LEVEL], &level)) ||
	    (a->v[NFTA_LOG_FLAGS] && !nft_attr_u32(a->v[NFTA_LOG_FLAGS], &flags)) ||
	    level > NFT_LOGLEVEL_DEBUG || flags & ~(uint32_t)XT_LOG_MASK) {
		nft_refuse(d, "log that iptables does not have");
		return;
	}
	data.info.level = (unsigned char)level;
	data.info.logflags = (unsigned char)flags;
	memcpy(data.info.prefix, prefix, strlen(prefix));
	if (nft_at_end(d))
		rule_set_target(d->rule, "LOG", 0, data.bytes, sizeof(data.bytes));
}

static void decode_log(struct nft_decoder *d, const struct nft_attrs *a)
{
	const struct nlattr *prefix = a->v[NFTA_LOG_PREFIX];
	const char *text = prefix ? nft_attr_string(prefix) : "";
	size_t size = sizeof(struct xt_nflog_info);
	union {
		char bytes[NFLOG_LONG_SIZE];
		struct nflog_long nflog;
	} data = { { 0 } };
	struct xt_nflog_info *info = &data.nflog.info;

	if (!a->v[NFTA_LOG_GROUP]) {
		decode_kernel_log(d, a, text);
		return;
	}
	if (!nft_attr_u16(a->v[NFTA_LOG_GROUP], &info->group) || !text ||
	    a->v[NFTA_LOG_LEVEL] || a->v[NFTA_LOG_FLAGS] ||
	    strlen(text) >= NF_LOG_PREFIXLEN ||
	    (a->v[NFTA_LOG_SNAPLEN] && !nft_attr_u32(a->v[NFTA_LOG_SNAPLEN], &info->len)) ||
	    (a->v[NFTA_LOG_QTHRESHOLD] &&
	     !nft_attr_u16(a->v[NFTA_LOG_QTHRESHOLD], &info->threshold))) {
		nft_refuse(d, "log that is not to a group");
		return;
	}
	if (a->v[NFTA_LOG_SNAPLEN])
		info->flags = XT_NFLOG_F_COPY_LEN;
	if (strlen(text) >= sizeof(info->prefix))
		size = sizeof(data.nflog);
	memcpy(data.bytes + offsetof(struct xt_nflog_info, prefix), text, strlen(text));
	if (nft_at_end(d))
		rule_set_target(d->rule, "NFLOG", 0, data.bytes, (uint16_t)XT_ALIGN(size));
}

/* ---- the walk ---- */

#define A(type) NFT_ATTR(NFTA_##type)

enum {
	LOADS = 1, /* uses the loaded value, or loads one */
	GUARD = 2, /* only in the guard's table: iptables has no such expression */
};

static const struct {
	const char *name;
	uint32_t known;
	void (*decode)(struct nft_decoder *d, const struct nft_attrs *attrs);
	unsigned int flags;
} expressions[] = {
	{ "meta", A(META_DREG) | A(META_KEY) | A(META_SREG), decode_meta, LOADS },
	{ "payload", A(PAYLOAD_DREG) | A(PAYLOAD_BASE) | A(PAYLOAD_OFFSET) | A(PAYLOAD_LEN),
	  decode_payload, LOADS },
	{ "bitwise", A(BITWISE_SREG) | A(BITWISE_DREG) | A(BITWISE_LEN) | A(BITWISE_MASK) |
	  A(BITWISE_XOR) | A(BITWISE_OP), decode_bitwise, LOADS },
	{ "cmp", A(CMP_SREG) | A(CMP_OP) | A(CMP_DATA), decode_cmp, LOADS },
	{ "range", A(RANGE_SREG) | A(RANGE_OP) | A(RANGE_FROM_DATA) | A(RANGE_TO_DATA),
	  decode_range, LOADS },
	{ "ct", A(CT_DREG) | A(CT_KEY) | A(CT_DIRECTION) | A(CT_SREG), nft_decode_ct, LOADS },
	{ "match", A(MATCH_NAME) | A(MATCH_REV) | A(MATCH_INFO), decode_match, 0 },
	{ "limit", A(LIMIT_RATE) | A(LIMIT_UNIT) | A(LIMIT_BURST) | A(LIMIT_TYPE) |
	  A(LIMIT_FLAGS) | A(LIMIT_PAD), decode_limit, 0 },
	{ "counter", A(COUNTER_BYTES) | A(COUNTER_PACKETS) | A(COUNTER_PAD), decode_counter, 0 },
	{ "immediate", A(IMMEDIATE_DREG) | A(IMMEDIATE_DATA), decode_immediate, LOADS },
	{ "target", A(TARGET_NAME) | A(TARGET_REV) | A(TARGET_INFO), decode_target, 0 },
	{ "log", A(LOG_GROUP) | A(LOG_PREFIX) | A(LOG_SNAPLEN) | A(LOG_QTHRESHOLD) | A(LOG_LEVEL) |
	  A(LOG_FLAGS), decode_log, 0 },
	{ "lookup", A(LOOKUP_SET) | A(LOOKUP_SREG) | A(LOOKUP_FLAGS), nft_decode_lookup,
	  LOADS | GUARD },
	{ "reject", A(REJECT_TYPE) | A(REJECT_ICMP_CODE), nft_decode_reject, GUARD },
};

static void decode_expression(struct nft_decoder *d, const struct nlattr *elem)
{
	struct nft_attrs expr, attrs;
	const char *name = NULL;
	size_t i = 0;

	d->expression = NULL;
	if (nft_attrs_nested(&expr, elem, A(EXPR_NAME) | A(EXPR_DATA)))
		name = nft_attr_string(expr.v[NFTA_EXPR_NAME]);
	if (!name) {
		nft_refuse(d, "expression without a name");
		return;
	}
	d->expression = name;
	while (i < ARRAY_SIZE(expressions) && strcmp(expressions[i].name, d->expression))
		i++;
	if (i == ARRAY_SIZE(expressions) || (expressions[i].flags & GUARD && !d->guard)) {
		nft_refuse(d, "iptables has no such expression");
		return;
	}
	if (!nft_attrs_nested(&attrs, expr.v[NFTA_EXPR_DATA], expressions[i].known))
		nft_refuse(d, "unknown attribute");
	if (!(expressions[i].flags & LOADS)) {
		nft_decode_idle_load(d);
		d->load.kind = LOAD_NONE;
	}
	if (!d->rule->opaque)
		expressions[i].decode(d, &attrs);
}

static void decode_expressions(struct nft_decoder *d, const struct nlattr *list)
{
	const struct nlattr *elem = nft_attr_first(list);
	size_t size, left = list ? mnl_attr_get_payload_len(list) : 0;

	for (; elem; elem = nft_attr_next(list, elem)) {
		if (mnl_attr_get_type(elem) != NFTA_LIST_ELEM) {
			d->expression = NULL;
			nft_refuse(d, "a list of things other than expressions");
		} else {
			decode_expression(d, elem);
		}
		size = MNL_ALIGN(elem->nla_len);
		left -= left < size ? left : size;
	}
	d->expression = NULL;
	if (left)
		nft_refuse(d, "truncated expressions");
	nft_decode_idle_load(d);
}

/* What nft writes for "comment": a type, a length and a text each. */
static void decode_userdata(struct nft_decoder *d, const struct nlattr *attr)
{
	enum { TYPE_COMMENT = 0 };
	struct xt_comment_info info = { 0 };
	size_t left = attr ? mnl_attr_get_payload_len(attr) : 0;
	const uint8_t *at = attr ? mnl_attr_get_payload(attr) : NULL;

	if (!attr)
		return;
	if (left < 2 || at[0] != TYPE_COMMENT || at[1] != left - 2 || !at[1] ||
	    strnlen((const char *)at + 2, at[1]) != at[1] - 1U) {
		nft_refuse(d, "user data that is not a comment");
		return;
	}
	memcpy(info.comment, at + 2, at[1]);
	nft_add_match(d, "comment", &info, sizeof(info))->usersize = sizeof(info);
}

/* A rule that cannot be decoded may still be known to leave the packet as it is. */
static void note_changes(struct rule *rule, const struct nlattr *list)
{
	rule->keeps_packet = nft_other_keeps_packet(
		rule->family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6, list, &rule->relays);
}

/*
 * What the guard's own expressions say, as nft writes them when it loads what it has listed,
 * makes a rule opaque only in iptables' tables. A set is not the guard's there.
 */
static struct rule *certain_conditions(enum family family, const struct nlattr *list)
{
	struct nft_decoder d = { .rule = rule_new(family), .guard = true };
	struct rule *part;

	decode_expressions(&d, list);
	nft_decode_ct_end(&d);
	part = d.rule->opaque ? nft_certain(family, list) : rule_conditions(d.rule);
	rule_free(d.rule);
	for (size_t i = part ? part->nmatches : 0; i-- > 0;)
		if (guard_match_is(&part->matches[i]))
			rule_remove_match(part, i);
	return part;
}

/* Old releases wrote a rule as it was typed; it is compared in the form of newer ones. */
static void take_form(struct rule *rule)
{
	struct rule *form = nft_canonical(rule);

	if (rule_equal(rule, form))
		rule_free(form);
	else
		rule->form = form;
}

struct rule *nft_decode(enum family family, const struct nlmsghdr *nlh)
{
	const uint32_t known = A(RULE_TABLE) | A(RULE_CHAIN) | A(RULE_HANDLE) |
			       A(RULE_EXPRESSIONS) | A(RULE_POSITION) | A(RULE_USERDATA) |
			       A(RULE_PAD);
	struct nft_decoder d = { .rule = rule_new(family) };
	struct nft_attrs attrs;
	bool whole = nft_attrs_message(&attrs, nlh, known);
	const char *table = nft_attr_string(attrs.v[NFTA_RULE_TABLE]);
	const struct nlattr *list = attrs.v[NFTA_RULE_EXPRESSIONS];

	if (!whole)
		nft_refuse(&d, "a rule with an unknown attribute");
	if (!nft_attr_u64(attrs.v[NFTA_RULE_HANDLE], &d.rule->handle))
		nft_refuse(&d, "a rule without a handle");
	d.guard = table && guard_has_name(table);
	decode_expressions(&d, list);
	nft_decode_ct_end(&d);
	decode_userdata(&d, attrs.v[NFTA_RULE_USERDATA]);
	if (d.rule->opaque) {
		note_changes(d.rule, list);
		nft_read_end(d.rule, list);
		d.rule->end_known &= whole;
		if (whole && !d.guard)
			d.rule->certain = certain_conditions(family, list);
	} else if (d.old_form) {
		take_form(d.rule);
	}
	return d.rule;
}
