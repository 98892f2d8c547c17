/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <net/if.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include "fuzz.h"
#include "nft_decode.h"
#include "nft_listed_rule.h"
#include "nft_encode.h"
#include "through_nft.h"

/*
 * A rule of nf_tables as in a dump. A rule that is decoded completely is the same after
 * encoding and decoding it.
 *
 * The first byte: bit 0 is the family; with bit 1 the rest selects expressions and their
 * attributes, so that lengths fit, with bit 2 in the guard's table; otherwise the rest is
 * the attributes themselves.
 */

/* The content that the kernel puts into an attribute of a type. */
enum kind {
	NOTHING,
	NUMBER, /* 32 bits, small */
	NUMBER8,
	NUMBER16,
	NUMBER64,
	REGISTER,
	VALUE,    /* a nest of data */
	DECISION, /* the same, or one of a verdict */
	NAME,
	BYTES,
};

static const struct {
	const char *name;
	enum kind kinds[8]; /* by type, from 1 on */
} expressions[] = {
	{ "meta", { REGISTER, NUMBER, REGISTER } },
	{ "payload", { REGISTER, NUMBER, NUMBER, NUMBER } },
	{ "bitwise", { REGISTER, REGISTER, NUMBER, VALUE, VALUE, NUMBER } },
	{ "cmp", { REGISTER, NUMBER, VALUE } },
	{ "range", { REGISTER, NUMBER, VALUE, VALUE } },
	{ "match", { NAME, NUMBER, BYTES } },
	{ "limit", { NUMBER64, NUMBER64, NUMBER, NUMBER, NUMBER } },
	{ "counter", { NUMBER64, NUMBER64 } },
	{ "immediate", { REGISTER, DECISION } },
	{ "target", { NAME, NUMBER, BYTES } },
	{ "log", { NUMBER16, NAME, NUMBER, NUMBER16 } },
	{ "ct", { NUMBER } }, /* never complete */
	/* Only in the guard's table. */
	{ "ct", { REGISTER, NUMBER, NUMBER8, REGISTER } },
	{ "reject", { NUMBER, NUMBER8 } },
};
#define OF_IPTABLES (ARRAY_SIZE(expressions) - 2)

static const char *const names[] = { "tcp", "udp", "comment", "limit", "mark", "conntrack",
				     "LOG", "REJECT", "NFLOG", "multiport", "DOCKER", "" };

/* Whether the rule has something that iptables must not take for its own. */
static bool odd;

/* The table of the rule. */
static const char *table;

static void put_bytes(struct nlmsghdr *nlh, uint16_t type, struct input *in, size_t most)
{
	uint8_t data[160];
	size_t n = input_below(in, (unsigned int)most + 1);

	input_bytes(in, data, n);
	mnl_attr_put(nlh, type, n, data);
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, struct input *in)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	put_bytes(nlh, NFTA_DATA_VALUE, in, 20);
	mnl_attr_nest_end(nlh, nest);
}

static void put_verdict(struct nlmsghdr *nlh, uint16_t type, struct input *in)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
	int code = (int)input_below(in, 9) - 5;

	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl((uint32_t)code));
	if (code == NFT_JUMP || code == NFT_GOTO)
		mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, names[input_below(in, ARRAY_SIZE(names))]);
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, nest);
}

static void put_attribute(struct nlmsghdr *nlh, uint16_t type, enum kind kind, struct input *in)
{
	switch (kind) {
	case NUMBER:
		mnl_attr_put_u32(nlh, type, htonl(input_below(in, 24)));
		break;
	case NUMBER8:
		mnl_attr_put_u8(nlh, type, (uint8_t)input_below(in, 16));
		break;
	case NUMBER16:
		mnl_attr_put_u16(nlh, type, htons((uint16_t)input_u32(in)));
		break;
	case NUMBER64:
		mnl_attr_put_u64(nlh, type, htobe64(input_u32(in)));
		break;
	case REGISTER:
		mnl_attr_put_u32(nlh, type, htonl(input_below(in, 4) ? 1 : input_below(in, 24)));
		break;
	case DECISION:
		if (input_below(in, 4))
			put_verdict(nlh, type, in);
		else
			put_value(nlh, type, in);
		break;
	case VALUE:
		put_value(nlh, type, in);
		break;
	case NAME:
		mnl_attr_put_strz(nlh, type, names[input_below(in, ARRAY_SIZE(names))]);
		break;
	default:
		put_bytes(nlh, type, in, 150);
	}
}

static void put_expression(struct nlmsghdr *nlh, struct input *in)
{
	unsigned int which = input_below(in, strcmp(table, GUARD_TABLE) ? OF_IPTABLES :
								  ARRAY_SIZE(expressions));
	unsigned int left_out = input_byte(in);
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *data;

	odd |= which == OF_IPTABLES - 1;
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, expressions[which].name);
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	for (uint16_t i = 0; i < 8; i++) {
		/* A load has one register, a setting the other, in meta and ct. */
		bool usual = i < 2 || expressions[which].kinds[i] != REGISTER;

		if (expressions[which].kinds[i] && (left_out & 1U << i) == (usual ? 0 : 1U << i))
			put_attribute(nlh, (uint16_t)(i + 1), expressions[which].kinds[i], in);
	}
	if (left_out == 0xff) {
		odd = true;
		put_attribute(nlh, 15, BYTES, in);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, elem);
}

/* A comment, or anything else. */
static void put_userdata(struct nlmsghdr *nlh, struct input *in)
{
	uint8_t data[40] = { 0 };
	size_t n = input_below(in, 30);

	if (!input_below(in, 4)) {
		put_bytes(nlh, NFTA_RULE_USERDATA, in, 40);
		return;
	}
	data[1] = (uint8_t)(n + 1);
	memset(data + 2, 'x', n);
	mnl_attr_put(nlh, NFTA_RULE_USERDATA, n + 3, data);
}

static struct nlmsghdr *assemble(enum family family, struct input *in)
{
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(xcalloc(1, 65536), NFT_MSG_NEWRULE,
						     (uint16_t)family_af(family), 0, 1);
	uint8_t parts = input_byte(in);
	struct nlattr *list;

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "FORWARD");
	if (parts & 1)
		odd = true;
	else
		mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(7));
	list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	for (unsigned int i = 0; i < 40 && in->n; i++)
		put_expression(nlh, in);
	mnl_attr_nest_end(nlh, list);
	if (parts & 2)
		put_userdata(nlh, in);
	if (parts & 4) {
		odd = true;
		mnl_attr_put_u32(nlh, 15, 0);
	}
	return nlh;
}

/* In memory that ends where the message does. */
static struct nlmsghdr *exact(const void *head, size_t head_size, const void *rest, size_t size)
{
	uint8_t *message = xcalloc(1, head_size + size);

	memcpy(message, head, head_size);
	if (size)
		memcpy(message + head_size, rest, size);
	((struct nlmsghdr *)message)->nlmsg_len = (uint32_t)(head_size + size);
	return (struct nlmsghdr *)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum family family = size ? data[0] & 1 : 0;
	struct input in = { data + 1, size - 1 };
	struct nlmsghdr *nlh, *built;
	struct rule *rule;
	const char *why;

	if (!size)
		return 0;
	odd = false;
	table = (data[0] & 6) == 6 ? GUARD_TABLE : "filter";
	if (data[0] & 2) {
		built = assemble(family, &in);
		nlh = exact(built, built->nlmsg_len, NULL, 0);
	} else {
		built = nftnl_nlmsg_build_hdr(xcalloc(1, 64), NFT_MSG_NEWRULE,
					      (uint16_t)family_af(family), 0, 1);
		nlh = exact(built, built->nlmsg_len, in.v, in.n);
	}
	free(built);
	if (nft_is_rule_of(nlh, GUARD_TABLE, "FORWARD"))
		table = GUARD_TABLE;
	rule = nft_decode(family, nlh);
	if (rule->opaque) {
		REQUIRE(!nft_encode(rule, table, "FORWARD", &why), "written: %s", rule->opaque);
		REQUIRE(!rule_equal(rule, rule), "an opaque rule is like another");
	} else {
		REQUIRE(!odd, "something that iptables does not have was ignored");
		require_nft_holds(rule, table);
	}
	rule_free(rule);
	free(nlh);
	return 0;
}
