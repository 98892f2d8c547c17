/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_effect.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <string.h>

#include "nft_headers.h"
#include "nft_other_keys.h"

void nft_other_unsure(struct nft_other_reading *reading)
{
	reading->rule.unsure = true;
}

void nft_other_end(struct nft_other_reading *reading, enum other_verdict verdict)
{
	reading->rule.verdict = verdict;
	reading->ended = true;
}

void nft_other_anything(struct nft_other_reading *reading)
{
	nft_other_unsure(reading);
	nft_other_end(reading, OTHER_ANYTHING);
}

void nft_other_take_code(struct nft_other_reading *reading, int32_t code, const char *chain)
{
	struct other_rule *rule = &reading->rule;

	switch (code) {
	case NF_ACCEPT:
		nft_other_end(reading, OTHER_ACCEPT);
		break;
	case NF_DROP:
		nft_other_end(reading, OTHER_DROP);
		break;
	case NFT_CONTINUE:
		break;
	case NFT_RETURN:
		nft_other_end(reading, OTHER_RETURN);
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		nft_other_end(reading, code == NFT_JUMP ? OTHER_JUMP : OTHER_GOTO);
		rule->to = chain ? other_filters_chain(reading->filters, reading->table, chain)
				 : OTHER_NOWHERE;
		if (rule->to != OTHER_NOWHERE)
			rule->to_name = reading->filters->chains[rule->to].name;
		break;
	default:
		nft_other_anything(reading);
		break;
	}
}

static void take_verdict(struct nft_other_reading *reading, const struct nlattr *data)
{
	struct nft_attrs outer, verdict;
	uint32_t code = 0;

	nft_attrs_nested(&outer, data, NFT_OTHER_KNOWN);
	nft_attrs_nested(&verdict, outer.v[NFTA_DATA_VERDICT], NFT_OTHER_KNOWN);
	if (nft_attr_u32(verdict.v[NFTA_VERDICT_CODE], &code))
		nft_other_take_code(reading, (int32_t)code, nft_attr_string(verdict.v[NFTA_VERDICT_CHAIN]));
	else
		nft_other_anything(reading);
}

void nft_other_take_immediate(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value;
	uint32_t to = NFT_REG_VERDICT;

	nft_attr_u32(expr->v[NFTA_IMMEDIATE_DREG], &to);
	if (to == NFT_REG_VERDICT) {
		take_verdict(reading, expr->v[NFTA_IMMEDIATE_DATA]);
		return;
	}
	nft_other_data(expr->v[NFTA_IMMEDIATE_DATA], &value);
	nft_other_write(reading, expr->v[NFTA_IMMEDIATE_DREG], &value);
}

static uint32_t host_word(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* A mark becomes what is in the register: a number, or a mark with changed bits. */
static void set_mark(struct nft_other_reading *reading, enum other_change_kind kind,
		     const struct nlattr *reg)
{
	struct nft_other_value value = nft_other_read(reading, reg);
	struct other_change change = { .kind = kind, .from = OTHER_FROM_UNKNOWN };
	const struct nft_other_part *part = &value.parts[0];

	if (value.kind == NFT_DATA && value.size == sizeof(uint32_t)) {
		change.from = OTHER_FROM_NOTHING;
		change.flip = host_word(value.bytes);
	} else if (value.kind == NFT_PACKET && value.nparts == 1 && part->host &&
		   (part->field == FIELD_MARK || part->field == FIELD_CT_MARK)) {
		change.from = part->field == FIELD_MARK ? OTHER_FROM_MARK : OTHER_FROM_CT_MARK;
		change.keep = host_word(value.mask);
		change.flip = host_word(value.flip);
	}
	/* Without a connection, its mark cannot be loaded: the rule does not match. */
	if (change.from == OTHER_FROM_CT_MARK)
		other_rule_want(&reading->rule, FIELD_CT_MARK, 4,
				(struct addrrange){ 0, OTHER_MASK_ALL }, false);
	other_rule_change(&reading->rule, &change);
}

void nft_other_take_meta(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	uint32_t key = UINT32_MAX;

	nft_attr_u32(expr->v[NFTA_META_KEY], &key);
	if (!expr->v[NFTA_META_SREG])
		nft_other_load_meta(reading, expr);
	else if (key == NFT_META_MARK)
		set_mark(reading, OTHER_SET_MARK, expr->v[NFTA_META_SREG]);
	else if (key != NFT_META_PRIORITY && key != NFT_META_NFTRACE && key != NFT_META_SECMARK)
		nft_other_anything(reading);
}

void nft_other_take_ct(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	uint32_t key = UINT32_MAX;

	nft_attr_u32(expr->v[NFTA_CT_KEY], &key);
	if (!expr->v[NFTA_CT_SREG])
		nft_other_load_ct(reading, expr);
	else if (key == NFT_CT_MARK)
		set_mark(reading, OTHER_SET_CT_MARK, expr->v[NFTA_CT_SREG]);
	else if (key == NFT_CT_ZONE)
		other_rule_change(&reading->rule, &(struct other_change){ .kind = OTHER_SET_ZONE });
	else if (key != NFT_CT_LABELS && key != NFT_CT_EVENTMASK && key != NFT_CT_SECMARK)
		nft_other_anything(reading);
}

void nft_other_take_payload(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	uint32_t base = UINT32_MAX, offset = 0, length = 0;

	nft_attr_u32(expr->v[NFTA_PAYLOAD_BASE], &base);
	nft_attr_u32(expr->v[NFTA_PAYLOAD_OFFSET], &offset);
	nft_attr_u32(expr->v[NFTA_PAYLOAD_LEN], &length);
	if (!expr->v[NFTA_PAYLOAD_SREG])
		nft_other_load_payload(reading, expr);
	/* The type of service, or traffic class, changes nothing else. */
	else if (base != NFT_PAYLOAD_NETWORK_HEADER || offset > 1 || length > 2 - offset)
		nft_other_anything(reading);
}

/* ---- objects, sets, x_tables ---- */

void nft_other_take_object(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	uint32_t type = NFT_OBJECT_UNSPEC;

	nft_attr_u32(expr->v[NFTA_OBJREF_IMM_TYPE], &type);
	switch (type) {
	case NFT_OBJECT_COUNTER:
	case NFT_OBJECT_CT_HELPER:
	case NFT_OBJECT_CT_TIMEOUT:
	case NFT_OBJECT_CT_EXPECT:
	case NFT_OBJECT_SECMARK:
		break;
	case NFT_OBJECT_QUOTA:
	case NFT_OBJECT_LIMIT:
	case NFT_OBJECT_CONNLIMIT:
		nft_other_unsure(reading);
		break;
	case NFT_OBJECT_UNSPEC:
		/* A map chooses one: it may be a synproxy. */
	default:
		nft_other_take_synproxy(reading, expr);
		break;
	}
}

void nft_other_take_synproxy(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	reading->rule.relays = true;
	nft_other_anything(reading);
}

/* It may fail, and what is in the set is then not what was listed. */
void nft_other_take_dynset(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	const char *name = nft_attr_string(expr->v[NFTA_DYNSET_SET_NAME]);
	struct nft_other_set *set = name ? nft_other_sets_find(reading->sets, name) : NULL;

	nft_other_unsure(reading);
	if (!set)
		return;
	set->unsure = true;
	for (size_t i = 0; i < set->nmade; i++)
		((struct other_set *)set->made[i].test.set)->unsure = true;
}

void nft_other_take_target(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	static const char *const harmless[] = {
		"AUDIT", "CHECKSUM", "CLASSIFY", "CONNSECMARK", "DSCP", "ECN", "IDLETIMER", "LED",
		"LOG", "NFLOG", "RATEEST", "SECMARK", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS",
		"TRACE", "ULOG",
	};
	static const struct {
		const char *name;
		enum other_verdict verdict;
	} ends[] = {
		{ "DNAT", OTHER_TRANSLATE }, { "MASQUERADE", OTHER_ACCEPT },
		{ "NETMAP", OTHER_TRANSLATE }, { "REDIRECT", OTHER_TRANSLATE },
		{ "REJECT", OTHER_REFUSE }, { "SNAT", OTHER_ACCEPT },
	};
	const char *name = nft_attr_string(expr->v[NFTA_TARGET_NAME]);
	struct other_change change = { .from = OTHER_FROM_UNKNOWN };

	for (size_t i = 0; name && i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(name, harmless[i]))
			return;
	for (size_t i = 0; name && i < ARRAY_SIZE(ends); i++)
		if (!strcmp(name, ends[i].name)) {
			nft_other_end(reading, ends[i].verdict);
			return;
		}
	if (name && (!strcmp(name, "CT") || !strcmp(name, "NOTRACK"))) {
		nft_other_unsure(reading);
		change.kind = OTHER_NOTRACK;
		other_rule_change(&reading->rule, &change);
	} else if (name && (!strcmp(name, "MARK") || !strcmp(name, "CONNMARK") ||
			    !strcmp(name, "HMARK") || !strcmp(name, "SET"))) {
		change.kind = OTHER_SET_MARK;
		other_rule_change(&reading->rule, &change);
		change.kind = OTHER_SET_CT_MARK;
		if (!strcmp(name, "CONNMARK"))
			other_rule_change(&reading->rule, &change);
	} else {
		reading->rule.relays = !name || !strcmp(name, "SYNPROXY");
		nft_other_anything(reading);
	}
}

void nft_other_take_match(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	const char *name = nft_attr_string(expr->v[NFTA_MATCH_NAME]);

	if (!name || strcmp(name, "comment"))
		nft_other_unsure(reading);
}
