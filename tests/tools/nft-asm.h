/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TESTS_NFT_ASM_H
#define DOCKFW_TESTS_NFT_ASM_H

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Builds rules of nf_tables from text, for the tests: expressions separated by ';',
 * each a name and its arguments, in the order of their attributes:
 *
 *   meta KEY [REG]                 a load; KEY iifname, oifname, …, or a number
 *   payload BASE OFFSET SIZE [REG] a load; BASE nh, th, ll or a number
 *   bitwise SIZE MASK XOR [REG]    MASK and XOR in hex
 *   cmp OP DATA [REG]              OP eq, neq, lt, lte, gt, gte or a number; DATA in hex,
 *                                  'text, 'text0 (with its NUL), or z9: nine zeroes
 *   range OP FROM TO [REG]
 *   imm DATA [REG]  setmeta KEY [REG]
 *   verdict NAME [CHAIN]           accept, drop, return, queue, jump, goto or a number
 *   ct KEY [DIRECTION [REG]]       a load; KEY direction, status, dport (proto-dst) or a number;
 *                                  DIRECTION 0, 1 or '-'
 *   reject TYPE [CODE]
 *   counter PACKETS BYTES
 *   match NAME REVISION DATA  target NAME REVISION DATA
 *   limit RATE UNIT BURST [TYPE [FLAGS]]
 *   log GROUP [PREFIX [SNAPLEN [THRESHOLD]]]   PREFIX '-': none
 *   syslog LEVEL [FLAGS [PREFIX]]  a log without a group
 *   lookup REG [TO]                TO: the register that a map writes, 0 for a verdict
 *   comment TEXT                   user data of the rule; udata DATA any
 *   bare NAME                      an expression without attributes
 *   also TYPE DATA                 one more attribute for the expression before
 */

struct asm_names {
	const char *name;
	uint32_t value;
};

static inline uint32_t asm_value(const struct asm_names *names, const char *word)
{
	for (; names->name; names++)
		if (!strcmp(names->name, word))
			return names->value;
	return (uint32_t)strtol(word, NULL, 0);
}

/* Hex, 'text without or 'text0 with a NUL, or zN: N zeroes. */
static inline size_t asm_data(const char *word, uint8_t *to, size_t room)
{
	size_t n = 0;

	if (*word == '\'') {
		n = strlen(++word);
		memcpy(to, word, n);
		if (n && word[n - 1] == '0')
			to[n - 1] = 0;
		return n;
	}
	if (*word == 'z') {
		n = (size_t)strtol(word + 1, NULL, 10);
		memset(to, 0, n);
		return n;
	}
	for (; word[0] && word[1] && n < room; word += 2, n++) {
		char pair[] = { word[0], word[1], 0 };

		to[n] = (uint8_t)strtol(pair, NULL, 16);
	}
	return n;
}

static inline void asm_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

static inline void asm_bytes(struct nlmsghdr *nlh, uint16_t type, const char *word)
{
	uint8_t data[8192];

	mnl_attr_put(nlh, type, asm_data(word, data, sizeof(data)), data);
}

static inline void asm_nested(struct nlmsghdr *nlh, uint16_t type, const char *word)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	asm_bytes(nlh, NFTA_DATA_VALUE, word);
	mnl_attr_nest_end(nlh, nest);
}

static const struct asm_names asm_keys[] = {
	{ "iifname", NFT_META_IIFNAME }, { "oifname", NFT_META_OIFNAME },
	{ "l4proto", NFT_META_L4PROTO }, { "mark", NFT_META_MARK },
	{ "pkttype", NFT_META_PKTTYPE }, { "nftrace", NFT_META_NFTRACE }, { NULL, 0 },
};
static const struct asm_names asm_ct_keys[] = {
	{ "direction", NFT_CT_DIRECTION }, { "status", NFT_CT_STATUS },
	{ "dport", NFT_CT_PROTO_DST }, { NULL, 0 },
};
static const struct asm_names asm_bases[] = {
	{ "ll", NFT_PAYLOAD_LL_HEADER }, { "nh", NFT_PAYLOAD_NETWORK_HEADER },
	{ "th", NFT_PAYLOAD_TRANSPORT_HEADER }, { NULL, 0 },
};
static const struct asm_names asm_ops[] = {
	{ "eq", NFT_CMP_EQ }, { "neq", NFT_CMP_NEQ }, { "lt", NFT_CMP_LT },
	{ "lte", NFT_CMP_LTE }, { "gt", NFT_CMP_GT }, { "gte", NFT_CMP_GTE }, { NULL, 0 },
};
static const struct asm_names asm_verdicts[] = {
	{ "accept", NF_ACCEPT }, { "drop", NF_DROP }, { "queue", NF_QUEUE },
	{ "return", (uint32_t)NFT_RETURN }, { "jump", (uint32_t)NFT_JUMP },
	{ "goto", (uint32_t)NFT_GOTO }, { "continue", (uint32_t)NFT_CONTINUE },
	{ "break", (uint32_t)NFT_BREAK }, { NULL, 0 },
};

#define ASM_WORDS 8

/* The data of one expression. */
static inline void asm_attributes(struct nlmsghdr *nlh, char *const *w)
{
	const char *name = w[0];

	if (!strcmp(name, "meta")) {
		asm_u32(nlh, NFTA_META_KEY, asm_value(asm_keys, w[1]));
		asm_u32(nlh, NFTA_META_DREG, w[2] ? (uint32_t)atoi(w[2]) : 1);
	} else if (!strcmp(name, "setmeta")) {
		asm_u32(nlh, NFTA_META_KEY, asm_value(asm_keys, w[1]));
		asm_u32(nlh, NFTA_META_SREG, w[2] ? (uint32_t)atoi(w[2]) : 9);
	} else if (!strcmp(name, "payload")) {
		asm_u32(nlh, NFTA_PAYLOAD_DREG, w[4] ? (uint32_t)atoi(w[4]) : 1);
		asm_u32(nlh, NFTA_PAYLOAD_BASE, asm_value(asm_bases, w[1]));
		asm_u32(nlh, NFTA_PAYLOAD_OFFSET, (uint32_t)atoi(w[2]));
		asm_u32(nlh, NFTA_PAYLOAD_LEN, (uint32_t)atoi(w[3]));
	} else if (!strcmp(name, "ct")) {
		asm_u32(nlh, NFTA_CT_DREG, w[2] && w[3] ? (uint32_t)atoi(w[3]) : 1);
		asm_u32(nlh, NFTA_CT_KEY, asm_value(asm_ct_keys, w[1]));
		if (w[2] && strcmp(w[2], "-"))
			mnl_attr_put_u8(nlh, NFTA_CT_DIRECTION, (uint8_t)atoi(w[2]));
	} else if (!strcmp(name, "reject")) {
		asm_u32(nlh, NFTA_REJECT_TYPE, (uint32_t)atoi(w[1]));
		if (w[2])
			mnl_attr_put_u8(nlh, NFTA_REJECT_ICMP_CODE, (uint8_t)atoi(w[2]));
	} else if (!strcmp(name, "bitwise")) {
		asm_u32(nlh, NFTA_BITWISE_SREG, w[4] ? (uint32_t)atoi(w[4]) : 1);
		asm_u32(nlh, NFTA_BITWISE_DREG, w[4] ? (uint32_t)atoi(w[4]) : 1);
		asm_u32(nlh, NFTA_BITWISE_LEN, (uint32_t)atoi(w[1]));
		asm_nested(nlh, NFTA_BITWISE_MASK, w[2]);
		asm_nested(nlh, NFTA_BITWISE_XOR, w[3]);
	} else if (!strcmp(name, "cmp")) {
		asm_u32(nlh, NFTA_CMP_SREG, w[3] ? (uint32_t)atoi(w[3]) : 1);
		asm_u32(nlh, NFTA_CMP_OP, asm_value(asm_ops, w[1]));
		asm_nested(nlh, NFTA_CMP_DATA, w[2]);
	} else if (!strcmp(name, "range")) {
		asm_u32(nlh, NFTA_RANGE_SREG, w[4] ? (uint32_t)atoi(w[4]) : 1);
		asm_u32(nlh, NFTA_RANGE_OP, asm_value(asm_ops, w[1]));
		asm_nested(nlh, NFTA_RANGE_FROM_DATA, w[2]);
		asm_nested(nlh, NFTA_RANGE_TO_DATA, w[3]);
	} else if (!strcmp(name, "imm")) {
		asm_u32(nlh, NFTA_IMMEDIATE_DREG, w[2] ? (uint32_t)atoi(w[2]) : 9);
		asm_nested(nlh, NFTA_IMMEDIATE_DATA, w[1]);
	} else if (!strcmp(name, "verdict")) {
		struct nlattr *data, *verdict;

		asm_u32(nlh, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
		data = mnl_attr_nest_start(nlh, NFTA_IMMEDIATE_DATA);
		verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
		asm_u32(nlh, NFTA_VERDICT_CODE, asm_value(asm_verdicts, w[1]));
		if (w[2])
			mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, w[2]);
		mnl_attr_nest_end(nlh, verdict);
		mnl_attr_nest_end(nlh, data);
	} else if (!strcmp(name, "counter")) {
		mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, htobe64(strtoull(w[2], NULL, 10)));
		mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, htobe64(strtoull(w[1], NULL, 10)));
	} else if (!strcmp(name, "match") || !strcmp(name, "target")) {
		mnl_attr_put_strz(nlh, NFTA_MATCH_NAME, w[1]);
		asm_u32(nlh, NFTA_MATCH_REV, (uint32_t)atoi(w[2]));
		asm_bytes(nlh, NFTA_MATCH_INFO, w[3]);
	} else if (!strcmp(name, "limit")) {
		mnl_attr_put_u64(nlh, NFTA_LIMIT_RATE, htobe64(strtoull(w[1], NULL, 10)));
		mnl_attr_put_u64(nlh, NFTA_LIMIT_UNIT, htobe64(strtoull(w[2], NULL, 10)));
		asm_u32(nlh, NFTA_LIMIT_BURST, (uint32_t)atoi(w[3]));
		asm_u32(nlh, NFTA_LIMIT_TYPE, w[4] ? (uint32_t)atoi(w[4]) : NFT_LIMIT_PKTS);
		asm_u32(nlh, NFTA_LIMIT_FLAGS, w[4] && w[5] ? (uint32_t)atoi(w[5]) : 0);
	} else if (!strcmp(name, "lookup")) {
		mnl_attr_put_strz(nlh, NFTA_LOOKUP_SET, "set");
		asm_u32(nlh, NFTA_LOOKUP_SREG, (uint32_t)atoi(w[1]));
		if (w[2])
			asm_u32(nlh, NFTA_LOOKUP_DREG, (uint32_t)atoi(w[2]));
	} else if (!strcmp(name, "syslog")) {
		asm_u32(nlh, NFTA_LOG_LEVEL, (uint32_t)atoi(w[1]));
		if (w[2])
			asm_u32(nlh, NFTA_LOG_FLAGS, (uint32_t)atoi(w[2]));
		if (w[2] && w[3])
			mnl_attr_put_strz(nlh, NFTA_LOG_PREFIX, w[3]);
	} else if (!strcmp(name, "log")) {
		mnl_attr_put_u16(nlh, NFTA_LOG_GROUP, htons((uint16_t)atoi(w[1])));
		if (w[2] && strcmp(w[2], "-"))
			mnl_attr_put_strz(nlh, NFTA_LOG_PREFIX, w[2]);
		if (w[2] && w[3] && strcmp(w[3], "-"))
			asm_u32(nlh, NFTA_LOG_SNAPLEN, (uint32_t)atoi(w[3]));
		if (w[2] && w[3] && w[4])
			mnl_attr_put_u16(nlh, NFTA_LOG_QTHRESHOLD, htons((uint16_t)atoi(w[4])));
	}
}

static inline const char *asm_kernel_name(const char *name)
{
	return !strcmp(name, "setmeta") ? "meta" : !strcmp(name, "syslog") ? "log" :
	       !strcmp(name, "imm") || !strcmp(name, "verdict") ? "immediate" : name;
}

/* Splits one expression into words; "also" expressions after it stay in the text. */
static inline int asm_words(char *text, char **w)
{
	int n = 0;
	char *save = NULL;

	memset(w, 0, (ASM_WORDS + 1) * sizeof(*w));
	for (char *word = strtok_r(text, " ", &save); word && n < ASM_WORDS;
	     word = strtok_r(NULL, " ", &save))
		w[n++] = word;
	return n;
}

/* Adds a rule's attributes to nlh, which has the header. Lists end in one nest. */
static inline void asm_rule(struct nlmsghdr *nlh, const char *text)
{
	char *copy = strdup(text), *rest = copy, *part, comment[256] = "";
	struct nlattr *list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS), *elem = NULL,
		      *data = NULL;
	uint8_t udata[512];
	size_t nudata = 0;

	while ((part = strsep(&rest, ";"))) {
		char *w[ASM_WORDS + 1];

		part += strspn(part, " ");
		if (!strncmp(part, "comment ", 8)) {
			snprintf(comment, sizeof(comment), "%s", part + 8);
			udata[0] = 0;
			udata[1] = (uint8_t)(strlen(comment) + 1);
			memcpy(udata + 2, comment, strlen(comment) + 1);
			nudata = 3 + strlen(comment);
			continue;
		}
		if (!asm_words(part, w))
			continue;
		if (!strcmp(w[0], "udata")) {
			nudata = asm_data(w[1], udata, sizeof(udata));
			continue;
		}
		if (!strcmp(w[0], "also")) {
			asm_bytes(nlh, (uint16_t)atoi(w[1]), w[2]);
			continue;
		}
		if (elem) {
			mnl_attr_nest_end(nlh, data);
			mnl_attr_nest_end(nlh, elem);
		}
		elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
		mnl_attr_put_strz(nlh, NFTA_EXPR_NAME,
				  !strcmp(w[0], "bare") ? w[1] : asm_kernel_name(w[0]));
		data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
		asm_attributes(nlh, w);
	}
	if (elem) {
		mnl_attr_nest_end(nlh, data);
		mnl_attr_nest_end(nlh, elem);
	}
	mnl_attr_nest_end(nlh, list);
	if (nudata)
		mnl_attr_put(nlh, NFTA_RULE_USERDATA, nudata, udata);
	free(copy);
}

#endif
