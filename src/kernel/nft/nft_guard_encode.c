/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_guard_encode.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "guard_set.h"
#include "nft_headers.h"
#include "nft_mark.h"
#include "nft_reject.h"
#include "util.h"
#include "xt_match.h"

static struct nftnl_expr *add_ct(struct nft_encoder *e, uint32_t key)
{
	struct nftnl_expr *expr = nft_add_expr(e, "ct");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	return expr;
}

static void add_direction(struct nft_encoder *e, bool original)
{
	uint8_t direction = original ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY;

	add_ct(e, NFT_CT_DIRECTION);
	nft_add_cmp(e, NFT_CMP_EQ, &direction, sizeof(direction));
}

static void add_dnat(struct nft_encoder *e, bool is)
{
	const uint32_t dnat = IPS_DST_NAT, none = 0;

	add_ct(e, NFT_CT_STATUS);
	nft_add_mask(e, &dnat, sizeof(dnat));
	nft_add_cmp(e, is ? NFT_CMP_NEQ : NFT_CMP_EQ, &none, sizeof(none));
}

static void add_ports(struct nft_encoder *e, uint16_t first, uint16_t last)
{
	uint16_t from = htons(first), to = htons(last);

	nftnl_expr_set_u8(add_ct(e, NFT_CT_PROTO_DST), NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
	if (first == last) {
		nft_add_cmp(e, NFT_CMP_EQ, &from, sizeof(from));
		return;
	}
	nft_add_cmp(e, NFT_CMP_GTE, &from, sizeof(from));
	nft_add_cmp(e, NFT_CMP_LTE, &to, sizeof(to));
}

/* Whether ext is, to the last byte, -m conntrack with that --ctstate only, or its opposite. */
static bool is_state(const struct ext *ext, uint16_t states, bool *inverted)
{
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_conntrack_mtinfo3))];
		struct xt_conntrack_mtinfo3 info;
	} data = { { 0 } };

	data.info.match_flags = XT_CONNTRACK_STATE;
	data.info.state_mask = states;
	if (!ext_is(ext, "conntrack", 3) || ext->size != sizeof(data.bytes))
		return false;
	*inverted = memcmp(ext->data, data.bytes, ext->size) != 0;
	if (*inverted)
		data.info.invert_flags = XT_CONNTRACK_STATE;
	return !memcmp(ext->data, data.bytes, ext->size);
}

static void add_state(struct nft_encoder *e, uint32_t states, bool inverted)
{
	const uint32_t none = 0;

	add_ct(e, NFT_CT_STATE);
	nft_add_mask(e, &states, sizeof(states));
	nft_add_cmp(e, inverted ? NFT_CMP_EQ : NFT_CMP_NEQ, &none, sizeof(none));
}

bool nft_encode_ct(struct nft_encoder *e, const struct ext *ext)
{
	struct xt_conntrack_want want;
	bool inverted;

	if (is_state(ext, XT_CONNTRACK_STATE_BIT(IP_CT_NEW), &inverted)) {
		add_state(e, NF_CT_STATE_BIT(IP_CT_NEW), inverted);
		return true;
	}
	if (is_state(ext, XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), &inverted)) {
		add_state(e, NF_CT_STATE_BIT(IP_CT_RELATED), inverted);
		return true;
	}
	/* The packets without a connection, on which the keys below do not match. */
	if (is_state(ext, XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED, &inverted)) {
		add_state(e, NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT, inverted);
		return true;
	}
	if (e->has_ct || !xt_conntrack_read(ext, &want))
		return false;
	/*
	 * The guard may refuse less than DOCKER-USER, but must not let less pass: it has a rule
	 * of its own that refuses packets without a connection (decide/guard_rules.c).
	 */
	if (want.dnat == XT_DNAT_IS_NOT && !e->refuses)
		return false;
	e->has_ct = true;
	if (want.direction != XT_DIRECTION_ANY)
		add_direction(e, want.direction == XT_DIRECTION_ORIGINAL);
	if (want.dnat != XT_DNAT_ANY)
		add_dnat(e, want.dnat == XT_DNAT_IS);
	if (want.port)
		add_ports(e, want.port, want.last);
	return true;
}

bool nft_encode_set(struct nft_encoder *e, enum family family, const struct ext *ext)
{
	bool ipv4 = family == FAMILY_IPV4;
	enum guard_field field;
	struct nftnl_expr *expr;
	const char *name;

	if (!guard_match_read(ext, &field, &name))
		return false;
	if (field == GUARD_FROM) {
		expr = nft_add_expr(e, "payload");
		nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, ipv4 ? 12 : 8);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)family_addr_size(family));
	} else {
		expr = add_ct(e, field == GUARD_PORT ? NFT_CT_PROTO_DST :
				 ipv4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6);
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
	}
	expr = nft_add_expr(e, "lookup");
	nft_set_text(expr, NFTNL_EXPR_LOOKUP_SET, name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	return true;
}

/* Of the source or the destination, which begin the header of both protocols. */
static void add_transport_ports(struct nft_encoder *e, uint32_t offset, const struct span *ports,
				bool not)
{
	uint16_t from = htons(ports->lo), to = htons(ports->hi);
	struct nftnl_expr *expr = nft_add_expr(e, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, sizeof(from));
	if (from == to) {
		nft_add_cmp(e, not ? NFT_CMP_NEQ : NFT_CMP_EQ, &from, sizeof(from));
		return;
	}
	expr = nft_add_expr(e, "range");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_OP, not ? NFT_RANGE_NEQ : NFT_RANGE_EQ);
	nft_set_data(expr, NFTNL_EXPR_RANGE_FROM_DATA, &from, sizeof(from));
	nft_set_data(expr, NFTNL_EXPR_RANGE_TO_DATA, &to, sizeof(to));
}

static bool is_any(const struct span *ports, bool not)
{
	return !not && !ports->lo && ports->hi == UINT16_MAX;
}

/* Whether ext is, to the last byte, the match tcp or udp with these ports and no more. */
static bool has_only_ports(const struct ext *ext, const struct xt_ports *ports)
{
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_tcp))];
		struct xt_tcp tcp;
		struct xt_udp udp;
	} data = { { 0 } };
	bool tcp = !strcmp(ext->name, "tcp");

	/* Both begin with the same ports. */
	data.tcp.spts[0] = ports->source.lo;
	data.tcp.spts[1] = ports->source.hi;
	data.tcp.dpts[0] = ports->dest.lo;
	data.tcp.dpts[1] = ports->dest.hi;
	if (tcp)
		data.tcp.invflags = (ports->not_source ? XT_TCP_INV_SRCPT : 0) |
				    (ports->not_dest ? XT_TCP_INV_DSTPT : 0);
	else
		data.udp.invflags = (ports->not_source ? XT_UDP_INV_SRCPT : 0) |
				    (ports->not_dest ? XT_UDP_INV_DSTPT : 0);
	return ext->size == XT_ALIGN(tcp ? sizeof(struct xt_tcp) : sizeof(struct xt_udp)) &&
	       !memcmp(data.bytes, ext->data, ext->size);
}

/* The kernel would take the match, and it is read back as the only one of its kind. */
static bool is_only_ports_match(const struct rule *rule, const struct ext *ext)
{
	uint16_t proto = ext_is(ext, "tcp", 0) ? IPPROTO_TCP : ext_is(ext, "udp", 0) ? IPPROTO_UDP : 0;
	size_t n = 0;

	for (size_t i = 0; i < rule->nmatches; i++)
		n += !strcmp(rule->matches[i].name, "tcp") || !strcmp(rule->matches[i].name, "udp");
	return n == 1 && proto && rule->proto == proto && !(rule->invert & INV_PROTO) &&
	       !rule->either_port;
}

bool nft_encode_ports(struct nft_encoder *e, const struct rule *rule, const struct ext *ext)
{
	struct xt_ports ports;
	bool any_source, any_dest;

	if (!is_only_ports_match(rule, ext) || !xt_match_ports(ext, &ports) ||
	    !has_only_ports(ext, &ports) || ports.source.lo > ports.source.hi ||
	    ports.dest.lo > ports.dest.hi)
		return false;
	any_source = is_any(&ports.source, ports.not_source);
	any_dest = is_any(&ports.dest, ports.not_dest);
	/* A match without a condition is kept as one. */
	if (any_source && any_dest)
		return false;
	if (!any_source)
		add_transport_ports(e, 0, &ports.source, ports.not_source);
	if (!any_dest)
		add_transport_ports(e, 2, &ports.dest, ports.not_dest);
	return true;
}

bool nft_is_reject(const struct rule *rule)
{
	return rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "REJECT");
}

const char *nft_encode_reject(struct nft_encoder *e, const struct rule *rule)
{
	uint32_t with[XT_ALIGN(sizeof(uint32_t)) / sizeof(uint32_t)], type;
	struct nftnl_expr *expr;
	uint8_t code;

	if (rule->target.revision || rule->target.size != sizeof(with) ||
	    !ext_get(&rule->target, with, sizeof(with)) || with[1] ||
	    !nft_reject_of(rule->family, with[0], &type, &code))
		return "nf_tables has no such answer for -j REJECT";
	if (!nft_reject_fits(rule, type))
		return "--reject-with tcp-reset needs -p tcp";
	expr = nft_add_expr(e, "reject");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_REJECT_CODE, code);
	return NULL;
}

bool nft_encode_mark(struct nft_encoder *e, const struct rule *rule)
{
	if (!rule_is_marked(rule) ||
	    rule->matches[rule->nmatches - 1].size != sizeof(struct xt_comment_info))
		return false;
	if (nftnl_rule_set_data(e->rule, NFTNL_RULE_USERDATA, &nft_mark, sizeof(nft_mark)) < 0)
		xgiven(NULL);
	return true;
}
