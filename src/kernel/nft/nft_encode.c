/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_encode.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_limit.h>
#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "nft_canonical.h"
#include "nft_encoder.h"
#include "nft_guard_encode.h"
#include "nft_headers.h"
#include "nft_limit.h"
#include "util.h"
#include "xt_target.h"

/*
 * The forms of iptables before 1.8.8, which every reader from 1.8.4 on knows:
 * ports, flags and marks as extensions. Readers of that time skip what newer
 * releases write instead, and see a different rule.
 */

/* The kernel's limits for one rule. */
#define EXPRESSIONS_MAX 128
#define BYTES_MAX 60000 /* the list's own length has 16 bits; with headers to spare */

static void add_meta(struct nft_encoder *e, uint32_t key)
{
	struct nftnl_expr *expr = nft_add_expr(e, "meta");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void add_network(struct nft_encoder *e, uint32_t offset, uint32_t size)
{
	struct nftnl_expr *expr = nft_add_expr(e, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, size);
}

static void add_cmp(struct nft_encoder *e, bool invert, const void *data, uint32_t size)
{
	nft_add_cmp(e, invert ? NFT_CMP_NEQ : NFT_CMP_EQ, data, size);
}

/*
 * "+" is every interface; its opposite is a name that no interface has, which
 * readers since 1.8.9 know and older ones show as it is.
 */
static bool add_interface(struct nft_encoder *e, const struct interface *iface, bool invert,
			  uint32_t key)
{
	static const char none[] = NFT_NO_INTERFACE;
	struct interface usual;

	if (!interface_set(&usual, iface->name) ||
	    memcmp(usual.mask, iface->mask, sizeof(usual.mask)))
		return false;
	if (iface->mask[0]) {
		add_meta(e, key);
		add_cmp(e, invert, iface->name, (uint32_t)strnlen((char *)iface->mask, IFNAMSIZ));
	} else if (invert) {
		add_meta(e, key);
		add_cmp(e, false, none, sizeof(none));
	}
	return true;
}

static void add_address(struct nft_encoder *e, const struct address *address, bool invert,
			uint32_t offset, size_t size)
{
	uint8_t masked[sizeof(address->addr)];
	bool all = true, any = true;

	for (size_t i = 0; i < size; i++) {
		masked[i] = address->addr[i] & address->mask[i];
		all = all && address->mask[i] == 0xff;
		any = any && !address->mask[i];
	}
	if (any && !invert)
		return;
	add_network(e, offset, (uint32_t)size);
	if (!all)
		nft_add_mask(e, address->mask, (uint32_t)size);
	add_cmp(e, invert, masked, (uint32_t)size);
}

static void add_frag(struct nft_encoder *e, bool invert)
{
	static const uint8_t offset[] = { 0x1f, 0xff }, none[] = { 0, 0 };

	add_network(e, 6, sizeof(offset));
	nft_add_mask(e, offset, sizeof(offset));
	add_cmp(e, !invert, none, sizeof(none));
}

static bool add_head(struct nft_encoder *e, const struct rule *rule)
{
	bool ipv4 = rule->family == FAMILY_IPV4;
	size_t size = family_addr_size(rule->family);
	uint8_t proto = (uint8_t)rule->proto;
	unsigned int invert = rule->invert;

	if (!add_interface(e, &rule->in, invert & INV_IN, NFT_META_IIFNAME) ||
	    !add_interface(e, &rule->out, invert & INV_OUT, NFT_META_OIFNAME))
		return false;
	if (rule->proto) {
		add_meta(e, NFT_META_L4PROTO);
		add_cmp(e, invert & INV_PROTO, &proto, sizeof(proto));
	}
	add_address(e, &rule->src, invert & INV_SRC, ipv4 ? 12 : 8, size);
	add_address(e, &rule->dst, invert & INV_DST, ipv4 ? 16 : 24, size);
	if (rule->frag)
		add_frag(e, invert & INV_FRAG);
	return true;
}

static bool add_limit(struct nft_encoder *e, const struct ext *ext)
{
	struct xt_rateinfo info;
	struct nftnl_expr *expr;
	uint64_t rate, unit;

	memcpy(&info, ext->data, sizeof(info));
	if (!nft_limit_of(info.avg, &rate, &unit))
		return false;
	expr = nft_add_expr(e, "limit");
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_UNIT, unit);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_BURST, info.burst);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_FLAGS, 0);
	return true;
}

static bool add_match_expr(struct nft_encoder *e, const struct rule *rule, const struct ext *ext)
{
	struct nftnl_expr *expr;

	if (e->guard && (nft_encode_ct(e, ext) || nft_encode_ports(e, rule, ext) ||
			 nft_encode_set(e, rule->family, ext)))
		return true;
	if (!strcmp(ext->name, "limit") && !ext->revision && ext->size == sizeof(struct xt_rateinfo))
		return add_limit(e, ext);
	expr = nft_add_expr(e, "match");
	nft_set_text(expr, NFTNL_EXPR_MT_NAME, ext->name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, ext->revision);
	/* The library keeps the data without a copy and frees it with the expression. */
	nft_set_data(expr, NFTNL_EXPR_MT_INFO, xmemdup(ext->data, ext->size), ext->size);
	e->bytes += ext->size;
	return true;
}

/* A prefix that the extension has no room for fits only into the native form. */
static void add_log(struct nft_encoder *e, const struct ext *ext)
{
	const char *prefix = (char *)ext->data + offsetof(struct xt_nflog_info, prefix);
	size_t room = ext->size - offsetof(struct xt_nflog_info, prefix);
	char *text = xcalloc(room + 1, 1);
	struct nftnl_expr *expr = nft_add_expr(e, "log");
	struct xt_nflog_info info;

	memcpy(&info, ext->data, sizeof(info));
	memcpy(text, prefix, room);
	nft_set_text(expr, NFTNL_EXPR_LOG_PREFIX, text);
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_GROUP, info.group);
	if (info.flags & XT_NFLOG_F_COPY_LEN)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOG_SNAPLEN, info.len);
	if (info.threshold)
		nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_QTHRESHOLD, info.threshold);
	e->bytes += room;
	free(text);
}

/* The TRACE target of x_tables has no effect in nf_tables, which has its own mark. */
static void add_trace(struct nft_encoder *e)
{
	struct nftnl_expr *value = nft_add_expr(e, "immediate"), *set = nft_add_expr(e, "meta");

	nftnl_expr_set_u32(value, NFTNL_EXPR_IMM_DREG, NFT_REG32_01);
	nftnl_expr_set_u8(value, NFTNL_EXPR_IMM_DATA, 1);
	nftnl_expr_set_u32(set, NFTNL_EXPR_META_KEY, NFT_META_NFTRACE);
	nftnl_expr_set_u32(set, NFTNL_EXPR_META_SREG, NFT_REG32_01);
}

static void add_target(struct nft_encoder *e, const struct ext *ext)
{
	struct nftnl_expr *expr;

	if (!strcmp(ext->name, "TRACE") && !ext->revision && !ext->size) {
		add_trace(e);
		return;
	}
	if (nflog_is_long(ext)) {
		add_log(e, ext);
		return;
	}
	expr = nft_add_expr(e, "target");
	nft_set_text(expr, NFTNL_EXPR_TG_NAME, ext->name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_TG_REV, ext->revision);
	nft_set_data(expr, NFTNL_EXPR_TG_INFO, xmemdup(ext->data, ext->size), ext->size);
	e->bytes += ext->size;
}

static void add_verdict(struct nft_encoder *e, int verdict, const char *chain)
{
	struct nftnl_expr *expr = nft_add_expr(e, "immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nft_set_text(expr, NFTNL_EXPR_IMM_CHAIN, chain);
}

static void add_counter(struct nft_encoder *e, const struct rule *rule)
{
	struct nftnl_expr *expr = nft_add_expr(e, "counter");

	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_PACKETS, rule->packets);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_BYTES, rule->bytes);
}

static const char *add_end(struct nft_encoder *e, const struct rule *rule)
{
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
		add_verdict(e, NF_ACCEPT, NULL);
		break;
	case VERDICT_DROP:
		add_verdict(e, NF_DROP, NULL);
		break;
	case VERDICT_RETURN:
		add_verdict(e, NFT_RETURN, NULL);
		break;
	case VERDICT_JUMP:
		add_verdict(e, NFT_JUMP, rule->chain);
		break;
	case VERDICT_GOTO:
		add_verdict(e, NFT_GOTO, rule->chain);
		break;
	case VERDICT_EXT:
		if (e->guard && nft_is_reject(rule))
			return nft_encode_reject(e, rule);
		add_target(e, &rule->target);
		break;
	case VERDICT_QUEUE:
	case VERDICT_NONE:
		break;
	}
	return NULL;
}

static const char *add_all(struct nft_encoder *e, const struct rule *rule)
{
	size_t matches = rule->nmatches;
	const char *why;

	if (rule->opaque)
		return "it is not understood";
	if (rule->verdict == VERDICT_QUEUE)
		return "nf_tables has no -j QUEUE, only -j NFQUEUE";
	if (rule->family == FAMILY_IPV6 && rule->frag)
		return "IPv6 has no -f";
	if (rule->proto > UINT8_MAX)
		return "its protocol is not valid";
	if (!add_head(e, rule))
		return "iptables does not make the mask of its interface";
	if (e->guard)
		matches -= nft_encode_mark(e, rule);
	for (size_t i = 0; i < matches; i++)
		if (!add_match_expr(e, rule, &rule->matches[i]))
			return "its limit is not a rate";
	/* Before the target, or the kernel would count packets that do not match. */
	if (!e->guard || e->refuses)
		add_counter(e, rule);
	why = add_end(e, rule);
	if (why)
		return why;
	if (e->count > EXPRESSIONS_MAX || e->bytes > BYTES_MAX)
		return "it has more matches than nf_tables takes in one rule";
	return NULL;
}

struct nftnl_rule *nft_encode(const struct rule *rule, const char *table, const char *chain,
			      const char **why)
{
	struct nft_encoder e = {
		.rule = xgiven(nftnl_rule_alloc()),
		.guard = guard_has_name(table),
		.refuses = rule_refuses(rule),
	};
	struct rule *read;

	nftnl_rule_set_u32(e.rule, NFTNL_RULE_FAMILY, (uint32_t)family_af(rule->family));
	if (nftnl_rule_set_str(e.rule, NFTNL_RULE_TABLE, table) < 0 ||
	    nftnl_rule_set_str(e.rule, NFTNL_RULE_CHAIN, chain) < 0)
		xgiven(NULL);
	/* What the kernel passes to the extensions about the rule when it checks them. */
	nftnl_rule_set_u32(e.rule, NFTNL_RULE_COMPAT_PROTO, rule->proto);
	nftnl_rule_set_u32(e.rule, NFTNL_RULE_COMPAT_FLAGS,
			   rule->invert & INV_PROTO ? NFT_RULE_COMPAT_F_INV : 0);
	read = nft_canonical(rule);
	*why = add_all(&e, read);
	rule_free(read);
	if (*why) {
		nftnl_rule_free(e.rule);
		return NULL;
	}
	return e.rule;
}
