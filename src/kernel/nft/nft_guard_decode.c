/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_guard_decode.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "guard_set.h"
#include "nft_decode_cmp.h"
#include "nft_headers.h"
#include "nft_reject.h"

/* A key that the guard uses; of others the size is 0. */
static unsigned int size_of(uint32_t key)
{
	switch (key) {
	case NFT_CT_DIRECTION:
		return 1;
	case NFT_CT_STATUS:
	case NFT_CT_STATE:
	case NFT_CT_DST_IP:
		return 4;
	case NFT_CT_DST_IP6:
		return 16;
	case NFT_CT_PROTO_DST:
		return 2;
	default:
		return 0;
	}
}

static bool has_direction(uint32_t key)
{
	return key == NFT_CT_PROTO_DST || key == NFT_CT_DST_IP || key == NFT_CT_DST_IP6;
}

void nft_decode_ct(struct nft_decoder *d, const struct nft_attrs *a)
{
	struct nft_load load = { .kind = LOAD_CT };
	bool has_key = nft_attr_u32(a->v[NFTA_CT_KEY], &load.key);
	uint8_t direction;

	if (!d->guard && (!has_key || load.key != NFT_CT_STATE || a->v[NFTA_CT_SREG])) {
		nft_refuse(d, "iptables has no such expression");
		return;
	}
	if (a->v[NFTA_CT_SREG] || !has_key) {
		nft_refuse(d, "not a load");
		return;
	}
	load.size = d->guard ? size_of(load.key) : sizeof(uint32_t);
	if (!load.size) {
		nft_refuse(d, "key %u", load.key);
		return;
	}
	/* Only a port and an address have a direction. */
	if (has_direction(load.key) ? !nft_attr_u8(a->v[NFTA_CT_DIRECTION], &direction) ||
					   direction != IP_CT_DIR_ORIGINAL :
					   a->v[NFTA_CT_DIRECTION] != NULL) {
		nft_refuse(d, "key %u of another direction", load.key);
		return;
	}
	if (nft_in_matches(d) && nft_take_register(d, a->v[NFTA_CT_DREG], load.size, &load.at) &&
	    nft_decode_idle_load(d))
		d->load = load;
}

/* Writes d->ct into the rule's one match for it. */
static void put_ct(struct nft_decoder *d)
{
	struct rule *rule = d->rule;

	if (d->has_ct && d->ct_at + 1 != rule->nmatches) {
		nft_refuse(d, "the connection compared in two places");
		return;
	}
	if (d->has_ct)
		free(rule->matches[--rule->nmatches].data);
	d->has_ct = true;
	d->ct_at = rule->nmatches;
	xt_conntrack_add(rule, &d->ct);
}

static void put_ports(struct nft_decoder *d, uint16_t first, uint16_t last)
{
	if (!first || first > last) {
		nft_refuse(d, "ports %u to %u", first, last);
		return;
	}
	d->ct.port = first;
	d->ct.last = last;
	put_ct(d);
}

/* (status & dnat) compared with 0. */
static void cmp_status(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	const uint32_t dnat = IPS_DST_NAT, none = 0;

	if (!d->load.masked || memcmp(d->load.mask, &dnat, sizeof(dnat)) ||
	    memcmp(data, &none, sizeof(none)) || (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)) {
		nft_refuse(d, "a status other than dnat");
		return;
	}
	if (!nft_claim_part(d, DECODED_CT_STATUS))
		return;
	d->ct.dnat = op == NFT_CMP_NEQ ? XT_DNAT_IS : XT_DNAT_IS_NOT;
	put_ct(d);
}

static void cmp_direction(struct nft_decoder *d, uint32_t op, uint8_t direction)
{
	if (d->load.masked || op != NFT_CMP_EQ || direction > IP_CT_DIR_REPLY) {
		nft_refuse(d, "operator %u with direction %u", op, direction);
		return;
	}
	if (!nft_claim_part(d, DECODED_CT_DIRECTION))
		return;
	d->ct.direction = direction == IP_CT_DIR_ORIGINAL ? XT_DIRECTION_ORIGINAL :
							    XT_DIRECTION_REPLY;
	put_ct(d);
}

/* A range is two comparisons of one loaded value, from its first port on and to its last. */
static void cmp_port(struct nft_decoder *d, uint32_t op, uint16_t port)
{
	if (d->load.masked) {
		nft_refuse(d, "a mask");
	} else if (d->load.from && op == NFT_CMP_LTE) {
		put_ports(d, d->ct.port, port);
	} else if (op != NFT_CMP_EQ && op != NFT_CMP_GTE) {
		nft_refuse(d, "operator %u with port %u", op, port);
	} else if (nft_claim_part(d, DECODED_CT_PORT)) {
		put_ports(d, port, op == NFT_CMP_EQ ? port : UINT16_MAX);
		if (op == NFT_CMP_GTE) {
			d->load.from = true;
			return;
		}
	}
	d->load.kind = LOAD_NONE;
}

/*
 * (state & mask) compared with 0, or one state: as -m conntrack --ctstate. Both look at
 * the same bits, but for the one of untracked packets (nft_ct_get_eval() in
 * net/netfilter/nft_ct.c, conntrack_mt() in net/netfilter/xt_conntrack.c).
 */
static void cmp_state(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	const uint32_t known = NF_CT_STATE_INVALID_BIT | NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
			       NF_CT_STATE_BIT(IP_CT_RELATED) | NF_CT_STATE_BIT(IP_CT_NEW) |
			       NF_CT_STATE_UNTRACKED_BIT;
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_conntrack_mtinfo3))];
		struct xt_conntrack_mtinfo3 info;
	} match = { .bytes = { 0 } };
	uint32_t states, value;
	bool inverted = op == NFT_CMP_NEQ;

	memcpy(&value, data, sizeof(value));
	states = value;
	if (d->load.masked) {
		memcpy(&states, d->load.mask, sizeof(states));
		inverted = op == NFT_CMP_EQ;
	}
	if ((op != NFT_CMP_EQ && op != NFT_CMP_NEQ) || !states || states & ~known ||
	    (d->load.masked ? value != 0 : (states & (states - 1)) != 0)) {
		nft_refuse(d, "states that iptables does not have");
		return;
	}
	match.info.match_flags = XT_CONNTRACK_STATE;
	match.info.invert_flags = inverted ? XT_CONNTRACK_STATE : 0;
	match.info.state_mask = (uint16_t)(states & ~NF_CT_STATE_UNTRACKED_BIT);
	if (states & NF_CT_STATE_UNTRACKED_BIT)
		match.info.state_mask |= XT_CONNTRACK_STATE_UNTRACKED;
	rule_add_match(d->rule, "conntrack", 3, match.bytes, sizeof(match.bytes))->usersize =
		sizeof(match.bytes);
}

void nft_decode_ct_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size)
{
	if (size != d->load.size) {
		nft_refuse(d, "%zu bytes of a value of %u", size, d->load.size);
		d->load.kind = LOAD_NONE;
		return;
	}
	if (d->load.key == NFT_CT_PROTO_DST) {
		cmp_port(d, op, (uint16_t)(data[0] << 8 | data[1]));
		return;
	}
	if (d->load.key == NFT_CT_DST_IP || d->load.key == NFT_CT_DST_IP6)
		nft_refuse(d, "an address of the connection compared with one other");
	else if (d->load.key == NFT_CT_STATE)
		cmp_state(d, op, data);
	else if (d->load.key == NFT_CT_STATUS)
		cmp_status(d, op, data);
	else
		cmp_direction(d, op, data[0]);
	d->load.kind = LOAD_NONE;
}

void nft_decode_ct_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high)
{
	if (d->load.key != NFT_CT_PROTO_DST || d->load.masked || invert)
		nft_refuse(d, "range of something that is not a port");
	else if (nft_claim_part(d, DECODED_CT_PORT))
		put_ports(d, low, high);
	d->load.kind = LOAD_NONE;
}

void nft_decode_ct_end(struct nft_decoder *d)
{
	if (d->has_ct && d->ct.dnat == XT_DNAT_IS_NOT && !d->rule->opaque && !rule_refuses(d->rule)) {
		d->expression = "ct";
		nft_refuse(d, "status without dnat does not match a packet without a connection");
	}
}

/* Sets field to what was loaded, if a set of the guard can be about it. */
static bool field_of_load(const struct nft_decoder *d, enum guard_field *field)
{
	bool ipv4 = d->rule->family == FAMILY_IPV4;
	const struct nft_load *load = &d->load;

	if (load->masked || load->from)
		return false;
	if (load->kind == LOAD_CT) {
		*field = load->key == NFT_CT_PROTO_DST ? GUARD_PORT : GUARD_TO;
		return load->key == NFT_CT_PROTO_DST ||
		       load->key == (ipv4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6);
	}
	*field = GUARD_FROM;
	return load->kind == LOAD_PAYLOAD && load->base == NFT_PAYLOAD_NETWORK_HEADER &&
	       load->offset == (ipv4 ? 12 : 8) && load->size == family_addr_size(d->rule->family);
}

void nft_decode_lookup(struct nft_decoder *d, const struct nft_attrs *a)
{
	const char *name = nft_attr_string(a->v[NFTA_LOOKUP_SET]);
	unsigned int at = 0;
	enum guard_field field;
	uint32_t flags = 0;

	if (!nft_in_matches(d) || !nft_take_register(d, a->v[NFTA_LOOKUP_SREG], 0, &at))
		return;
	if (!name || strlen(name) > GUARD_SET_NAME_MAX || d->load.at != at ||
	    (a->v[NFTA_LOOKUP_FLAGS] && !nft_attr_u32(a->v[NFTA_LOOKUP_FLAGS], &flags)) || flags ||
	    !field_of_load(d, &field))
		nft_refuse(d, "a set that is not the guard's");
	else
		guard_match_add(d->rule, field, name);
	d->load.kind = LOAD_NONE;
}

void nft_decode_reject(struct nft_decoder *d, const struct nft_attrs *a)
{
	union {
		uint32_t with;
		uint8_t bytes[XT_ALIGN(sizeof(uint32_t))];
	} data = { .bytes = { 0 } };
	struct rule *rule = d->rule;
	uint8_t code = 0;
	uint32_t type;

	if (!nft_attr_u32(a->v[NFTA_REJECT_TYPE], &type) ||
	    (a->v[NFTA_REJECT_ICMP_CODE] && !nft_attr_u8(a->v[NFTA_REJECT_ICMP_CODE], &code)) ||
	    !nft_reject_with(rule->family, type, code, &data.with)) {
		nft_refuse(d, "an answer that iptables does not have");
		return;
	}
	if (!nft_reject_fits(rule, type)) {
		nft_refuse(d, "a TCP reset for other protocols");
		return;
	}
	if (!nft_at_end(d))
		return;
	rule_set_target(rule, "REJECT", 0, data.bytes, sizeof(data.bytes));
	rule->target.usersize = sizeof(data.bytes);
}
