/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libnftnl/common.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <string.h>

#include "../tools/nft-asm.h"
#include "nft_decode.h"
#include "util.h"

/*
 * Evaluates random expressions of nf_tables on random packets as the kernel does, and
 * the rules that they are decoded to as x_tables does. A rule that is not opaque must
 * do the same to each packet. The seed is fixed, so each run is the same.
 */

#define RULES 150000
#define PACKETS 25
#define OPS 24

static uint64_t seed = 88172645463325252u;

static uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

#define PICK(array) ((array)[below(ARRAY_SIZE(array))])

static const uint8_t bytes[] = { 0, 1, 2, 6, 10, 17, 22, 58, 64, 127, 128, 254, 255, 0x3f };
static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 58, 132 };
static const char *const names[] = { "eth0", "eth1", "eth", "e", "lo", "abcdefghijklmn" };
static uint8_t usual[16]; /* bytes that the rules and packets of one attempt share */

static uint8_t any_byte(void)
{
	return below(3) ? PICK(bytes) : (uint8_t)below(256);
}

/* ---- expressions ---- */

struct op {
	enum { META, PAYLOAD, MASK, CMP, RANGE, MARK_TRACE, VALUE, COUNTER, VERDICT, TARGET } kind;
	uint32_t reg, key, at, size, op;
	uint8_t data[2][16];
	const char *word;
};

static struct op ops[OPS];
static size_t nops;

static struct op *add(int kind, uint32_t reg)
{
	struct op *op = &ops[nops < OPS - 1 ? nops++ : nops];

	*op = (struct op){ .kind = kind, .reg = reg };
	for (size_t i = 0; i < sizeof(op->data); i++)
		op->data[i / 16][i % 16] = below(2) ? usual[i % 16] : any_byte();
	return op;
}

static void add_payload(uint32_t reg, uint32_t base, uint32_t at, uint32_t size)
{
	struct op *op = add(PAYLOAD, reg);

	op->key = base;
	op->at = at;
	op->size = size;
}

static void add_meta(uint32_t reg, uint32_t key)
{
	add(META, reg)->key = key;
}

/* As many leading bits as of a prefix, or any. */
static void add_mask(uint32_t reg, uint32_t size)
{
	struct op *op = add(MASK, reg);
	uint32_t bits = below(size * 8 + 1);

	op->size = size;
	if (below(8)) {
		memset(op->data[0], 0, sizeof(op->data[0]));
		for (uint32_t i = 0; i < bits; i++)
			op->data[0][i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	memset(op->data[1], 0, sizeof(op->data[1]));
	if (!below(40))
		op->data[1][0] = 1;
}

/* Mostly within the mask before it; now and then with another operator than = and !=. */
static void add_cmp(uint32_t reg, uint32_t size)
{
	struct op *op = add(CMP, reg);

	op->op = below(6) ? below(2) : below(6);
	op->size = size;
	if (nops > 1 && ops[nops - 2].kind == MASK && below(8))
		for (size_t i = 0; i < size; i++)
			op->data[0][i] &= ops[nops - 2].data[0][i];
}

static void add_interface(uint32_t reg)
{
	const char *name = PICK(names);
	uint32_t size = (uint32_t)strlen(name);
	struct op *op;

	add_meta(reg, below(2) ? NFT_META_IIFNAME : NFT_META_OIFNAME);
	if (!below(10))
		return;
	op = add(CMP, reg);
	op->op = below(2);
	memset(op->data[0], 0, sizeof(op->data[0]));
	memcpy(op->data[0], name, size);
	op->size = below(2) ? size + 1 : below(2) ? size : 16;
}

static void add_proto(uint32_t reg, bool ipv6)
{
	if (ipv6 || below(2))
		add_meta(reg, NFT_META_L4PROTO);
	else
		add_payload(reg, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
	add_cmp(reg, 1);
	ops[nops - 1].data[0][0] = PICK(protos);
}

static void add_address(uint32_t reg, bool ipv6)
{
	uint32_t full = ipv6 ? 16 : 4, at = ipv6 ? 8 + below(2) * 16 : 12 + below(2) * 4;
	uint32_t size = below(2) ? full : 1 + below(full);

	add_payload(reg, NFT_PAYLOAD_NETWORK_HEADER, below(40) ? at : below(24), size);
	if (below(2))
		add_mask(reg, size);
	add_cmp(reg, size);
}

static void add_transport(uint32_t reg)
{
	static const uint32_t places[][2] = { { 0, 2 }, { 2, 2 }, { 0, 4 }, { 13, 1 }, { 0, 1 },
					      { 1, 1 } };
	const uint32_t *place = PICK(places);
	struct op *op;

	add_payload(reg, NFT_PAYLOAD_TRANSPORT_HEADER, place[0], place[1]);
	if (place[0] == 13 ? below(5) : !below(20)) {
		add_mask(reg, place[1]);
		ops[nops - 1].data[0][0] &= 0x3f;
	}
	if (place[1] != 2 || below(3)) {
		add_cmp(reg, place[1]);
		return;
	}
	op = add(RANGE, reg);
	op->op = below(2);
	op->size = 2;
}

/* From the packet's header: its fragment offset, its hop limit; a mark, a type. */
static void add_other(uint32_t reg, bool ipv6)
{
	switch (below(4)) {
	case 0:
		add_payload(reg, NFT_PAYLOAD_NETWORK_HEADER, 6, 2);
		memcpy(add(MASK, reg)->data, (uint8_t[2][16]){ { 0x1f, 0xff } }, 32);
		ops[nops - 1].size = 2;
		add_cmp(reg, 2);
		memset(ops[nops - 1].data[0], 0, 16);
		break;
	case 1:
		add_payload(reg, NFT_PAYLOAD_NETWORK_HEADER, ipv6 ? 7 : 8, 1);
		add_cmp(reg, 1);
		ops[nops - 1].op = below(6);
		break;
	case 2:
		add_meta(reg, NFT_META_MARK);
		if (below(2))
			add_mask(reg, 4);
		add_cmp(reg, 4);
		break;
	default:
		add_meta(reg, NFT_META_PKTTYPE);
		add_cmp(reg, 1);
	}
}

static void add_condition(bool ipv6)
{
	uint32_t reg = below(10) ? 1 : below(2) ? 1 + below(4) : 8 + below(12);

	switch (below(7)) {
	case 0:
	case 1:
		add_interface(reg);
		break;
	case 2:
		add_proto(reg, ipv6);
		break;
	case 3:
		add_address(reg, ipv6);
		break;
	case 4:
		add_proto(1, ipv6);
		add_transport(reg);
		break;
	case 5:
		add_transport(reg);
		break;
	default:
		add_other(reg, ipv6);
	}
}

static void add_end(void)
{
	static const uint32_t verdicts[] = { NF_ACCEPT, NF_DROP, (uint32_t)NFT_RETURN,
					     (uint32_t)NFT_JUMP, (uint32_t)NFT_CONTINUE };
	struct op *op;

	switch (below(6)) {
	case 0:
		add(COUNTER, 0);
		break;
	case 1:
		add(TARGET, 0)->word = below(2) ? "REJECT" : "LOG";
		break;
	case 2:
		op = add(VALUE, 9);
		op->size = 1;
		op->data[0][0] = below(8) > 0;
		if (below(2))
			add_end();
		add(MARK_TRACE, 9);
		break;
	default:
		op = add(VERDICT, 0);
		op->op = PICK(verdicts);
		op->word = op->op == (uint32_t)NFT_JUMP ? "OTHER" : NULL;
	}
}

/* A rule as a program might write it, or nearly so. */
static void make_ops(bool ipv6)
{
	nops = 0;
	for (size_t i = 0; i < sizeof(usual); i++)
		usual[i] = any_byte();
	for (uint32_t n = below(4); n; n--)
		add_condition(ipv6);
	if (below(2))
		add(COUNTER, 0);
	for (uint32_t n = below(3); n; n--)
		add_end();
	if (!below(10))
		add_condition(ipv6);
	if (nops > 1 && !below(5)) {
		size_t a = below((uint32_t)nops), b = below((uint32_t)nops);
		struct op moved = ops[a];

		ops[a] = ops[b];
		ops[b] = moved;
	}
}

/* ---- expressions as text for nft-asm.h ---- */

static const char *hex(const uint8_t *data, size_t size)
{
	static char text[4][40];
	static unsigned int turn;
	char *to = text[turn++ % 4];

	to[0] = '\0';
	for (size_t i = 0; i < size; i++)
		snprintf(to + 2 * i, 3, "%02x", data[i]);
	return to;
}

static void append(char *text, size_t room, const struct op *op)
{
	size_t n = strlen(text);
	char *to = text + n;

	room -= n;
	switch (op->kind) {
	case META:
		snprintf(to, room, "meta %u %u; ", op->key, op->reg);
		break;
	case PAYLOAD:
		snprintf(to, room, "payload %u %u %u %u; ", op->key, op->at, op->size, op->reg);
		break;
	case MASK:
		snprintf(to, room, "bitwise %u %s %s %u; ", op->size, hex(op->data[0], op->size),
			 hex(op->data[1], op->size), op->reg);
		break;
	case CMP:
		snprintf(to, room, "cmp %u %s %u; ", op->op, hex(op->data[0], op->size), op->reg);
		break;
	case RANGE:
		snprintf(to, room, "range %u %s %s %u; ", op->op, hex(op->data[0], op->size),
			 hex(op->data[1], op->size), op->reg);
		break;
	case MARK_TRACE:
		snprintf(to, room, "setmeta nftrace %u; ", op->reg);
		break;
	case VALUE:
		snprintf(to, room, "imm %s %u; ", hex(op->data[0], op->size), op->reg);
		break;
	case COUNTER:
		snprintf(to, room, "counter 0 0; ");
		break;
	case VERDICT:
		snprintf(to, room, "verdict %d %s; ", (int)op->op, op->word ? op->word : "");
		break;
	case TARGET:
		snprintf(to, room, "target %s 0 z8; ", op->word);
	}
}

static struct rule *decode(bool ipv6, char *text, size_t room)
{
	static uint8_t message[65536];
	enum family family = ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
						     (uint16_t)family_af(family), 0, 1);

	text[0] = '\0';
	for (size_t i = 0; i < nops; i++)
		append(text, room, &ops[i]);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, "filter");
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "FORWARD");
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(7));
	asm_rule(nlh, text);
	return nft_decode(family, nlh);
}

/* ---- packets ---- */

struct packet {
	bool ipv6;
	char in[16], out[16];
	uint8_t proto, type, mark[4];
	uint8_t network[40], transport[20];
};

static void take_value(struct packet *packet, const struct op *load, const uint8_t *data)
{
	if (load->kind == PAYLOAD) {
		bool network = load->key == NFT_PAYLOAD_NETWORK_HEADER;
		uint8_t *header = network ? packet->network : packet->transport;

		memcpy(header + load->at, data, load->size);
		/* One off, for operators that compare sizes. */
		header[load->at + load->size - 1] += (uint8_t)(below(3) ? 0 : 1 - 2 * below(2));
	} else if (load->key == NFT_META_MARK) {
		memcpy(packet->mark, data, sizeof(packet->mark));
	} else if (load->key == NFT_META_L4PROTO) {
		packet->proto = data[0];
	} else if (load->key == NFT_META_PKTTYPE) {
		packet->type = data[0];
	}
}

/* A packet that matches the comparisons now and then. */
static void make_packet(struct packet *packet, bool ipv6)
{
	*packet = (struct packet){ .ipv6 = ipv6, .proto = PICK(protos), .type = (uint8_t)below(5) };
	strcpy(packet->in, PICK(names));
	strcpy(packet->out, PICK(names));
	for (size_t i = 0; i < sizeof(packet->network); i++)
		packet->network[i] = any_byte();
	for (size_t i = 0; i < sizeof(packet->transport); i++)
		packet->transport[i] = any_byte();
	if (below(2))
		memset(packet->network + 6, 0, 2);
	for (size_t i = 0; i < nops; i++) {
		size_t load = i;

		if ((ops[i].kind != CMP && ops[i].kind != RANGE) || !below(2))
			continue;
		while (load && ops[load].kind != META && ops[load].kind != PAYLOAD)
			load--;
		if (ops[load].kind == META || ops[load].kind == PAYLOAD)
			take_value(packet, &ops[load], ops[i].data[0]);
	}
	/* IPv4 has none; and the two are the same. */
	packet->proto += !packet->proto;
	if (!ipv6)
		packet->network[9] = packet->proto;
}

/* ---- evaluation as in nf_tables ---- */

static uint8_t *place(uint8_t *registers, uint32_t reg)
{
	return registers + (reg <= NFT_REG_4 ? (reg - NFT_REG_1) * NFT_REG_SIZE :
					       (reg - NFT_REG32_00) * NFT_REG32_SIZE);
}

static void load(const struct op *op, const struct packet *packet, uint8_t *to)
{
	if (op->kind == PAYLOAD)
		memcpy(to, (op->key == NFT_PAYLOAD_NETWORK_HEADER ? packet->network :
								    packet->transport) + op->at,
		       op->size);
	else if (op->key == NFT_META_IIFNAME || op->key == NFT_META_OIFNAME)
		memcpy(to, op->key == NFT_META_IIFNAME ? packet->in : packet->out, 16);
	else if (op->key == NFT_META_MARK)
		memcpy(to, packet->mark, 4);
	else
		memcpy(to, (uint8_t[4]){ op->key == NFT_META_L4PROTO ? packet->proto : packet->type },
		       4);
}

static bool compares(uint32_t op, int sign)
{
	switch (op) {
	case NFT_CMP_EQ:
		return sign == 0;
	case NFT_CMP_NEQ:
		return sign != 0;
	case NFT_CMP_LT:
		return sign < 0;
	case NFT_CMP_LTE:
		return sign <= 0;
	case NFT_CMP_GT:
		return sign > 0;
	default:
		return sign >= 0;
	}
}

/* Evaluates the expressions; each action is appended to text as one word. */
static void run_ops(const struct packet *packet, char *text)
{
	uint8_t registers[NFT_REG32_COUNT * NFT_REG32_SIZE + 16] = { 0 };

	text[0] = '\0';
	for (size_t i = 0; i < nops; i++) {
		const struct op *op = &ops[i];
		uint8_t *at = op->reg ? place(registers, op->reg) : NULL;
		bool inside;

		switch (op->kind) {
		case META:
		case PAYLOAD:
			load(op, packet, at);
			break;
		case MASK:
			for (size_t b = 0; b < op->size; b++)
				at[b] = (at[b] & op->data[0][b]) ^ op->data[1][b];
			break;
		case CMP:
			if (!compares(op->op, memcmp(at, op->data[0], op->size)))
				return;
			break;
		case RANGE:
			inside = memcmp(at, op->data[0], op->size) >= 0 &&
				 memcmp(at, op->data[1], op->size) <= 0;
			if (inside != (op->op == NFT_RANGE_EQ))
				return;
			break;
		case VALUE:
			memcpy(at, op->data[0], op->size);
			break;
		case MARK_TRACE:
			strcat(text, at[0] ? "TRACE " : "");
			break;
		case TARGET:
			strcat(strcat(text, op->word), " ");
			if (!strcmp(op->word, "REJECT"))
				return;
			break;
		case VERDICT:
			if (op->op == (uint32_t)NFT_CONTINUE)
				break;
			sprintf(text + strlen(text), "%d%s ", (int)op->op, op->word ? op->word : "");
			return;
		case COUNTER:
			break;
		}
	}
}

/* ---- evaluation as in x_tables ---- */

static bool masked(const void *a, const void *b, const uint8_t *mask, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((((const uint8_t *)a)[i] ^ ((const uint8_t *)b)[i]) & mask[i])
			return false;
	return true;
}

static bool in_span(const uint16_t *span, const uint8_t *port)
{
	unsigned int is = (unsigned int)port[0] << 8 | port[1];

	return is >= span[0] && is <= span[1];
}

static bool ports_match(const struct rule *rule, const struct ext *ext, const struct packet *packet)
{
	struct xt_tcp tcp = { 0 };
	struct xt_udp udp;
	bool source, destination;

	if (!strcmp(ext->name, "tcp")) {
		memcpy(&tcp, ext->data, sizeof(tcp));
	} else {
		memcpy(&udp, ext->data, sizeof(udp));
		memcpy(tcp.spts, udp.spts, sizeof(tcp.spts));
		memcpy(tcp.dpts, udp.dpts, sizeof(tcp.dpts));
		tcp.invflags = udp.invflags;
	}
	source = in_span(tcp.spts, packet->transport) != !!(tcp.invflags & XT_TCP_INV_SRCPT);
	destination = in_span(tcp.dpts, packet->transport + 2) !=
		      !!(tcp.invflags & XT_TCP_INV_DSTPT);
	return (rule->either_port ? source || destination : source && destination) &&
	       ((packet->transport[13] & tcp.flg_mask) == tcp.flg_cmp) !=
		       !!(tcp.invflags & XT_TCP_INV_FLAGS);
}

static bool ext_match(const struct rule *rule, const struct ext *ext, const struct packet *packet)
{
	uint8_t hops = packet->network[packet->ipv6 ? 7 : 8];
	struct xt_mark_mtinfo1 mark;
	struct xt_pkttype_info type;
	uint32_t is;

	if (!strcmp(ext->name, "tcp") || !strcmp(ext->name, "udp"))
		return ports_match(rule, ext, packet);
	if (!strcmp(ext->name, "mark")) {
		memcpy(&mark, ext->data, sizeof(mark));
		memcpy(&is, packet->mark, sizeof(is));
		return ((is & mark.mask) == mark.mark) != !!mark.invert;
	}
	if (!strcmp(ext->name, "pkttype")) {
		memcpy(&type, ext->data, sizeof(type));
		return (packet->type == type.pkttype) != !!type.invert;
	}
	/* ttl, hl: equal, not, less, greater. */
	if (!strcmp(ext->name, "ttl") || !strcmp(ext->name, "hl"))
		return ext->data[0] == 0 ? hops == ext->data[1] :
		       ext->data[0] == 1 ? hops != ext->data[1] :
		       ext->data[0] == 2 ? hops < ext->data[1] : hops > ext->data[1];
	assert_non_null(strstr("icmp icmp6", ext->name));
	return (packet->transport[0] == ext->data[0] && packet->transport[1] >= ext->data[1] &&
		packet->transport[1] <= ext->data[2]) != !!ext->data[3];
}

static bool head_match(const struct rule *rule, const struct packet *packet)
{
	bool ipv6 = packet->ipv6, frag = packet->network[6] & 0x1f || packet->network[7];
	const uint8_t *src = packet->network + (ipv6 ? 8 : 12);
	size_t size = ipv6 ? 16 : 4;
	unsigned int invert = rule->invert;

	return masked(rule->in.name, packet->in, rule->in.mask, 16) != !!(invert & INV_IN) &&
	       masked(rule->out.name, packet->out, rule->out.mask, 16) != !!(invert & INV_OUT) &&
	       (!rule->proto || (rule->proto == packet->proto) != !!(invert & INV_PROTO)) &&
	       masked(rule->src.addr, src, rule->src.mask, size) != !!(invert & INV_SRC) &&
	       masked(rule->dst.addr, src + size, rule->dst.mask, size) != !!(invert & INV_DST) &&
	       (!rule->frag || frag != !!(invert & INV_FRAG));
}

static void run_rule(const struct rule *rule, const struct packet *packet, char *text)
{
	static const int verdicts[] = { [VERDICT_ACCEPT] = NF_ACCEPT, [VERDICT_DROP] = NF_DROP,
					[VERDICT_RETURN] = NFT_RETURN, [VERDICT_JUMP] = NFT_JUMP };

	text[0] = '\0';
	if (!head_match(rule, packet))
		return;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!ext_match(rule, &rule->matches[i], packet))
			return;
	if (rule->verdict == VERDICT_EXT)
		sprintf(text, "%s ", rule->target.name);
	else if (rule->verdict != VERDICT_NONE)
		sprintf(text, "%d%s ", verdicts[rule->verdict], rule->chain ? rule->chain : "");
}

static void test_meaning(void **state)
{
	size_t decoded = 0, met = 0;

	(void)state;
	for (size_t i = 0; i < RULES; i++) {
		char text[4096], is[512], should[512];
		bool ipv6 = !below(3);
		struct packet packet;
		struct rule *rule;

		make_ops(ipv6);
		rule = decode(ipv6, text, sizeof(text));
		decoded += !rule->opaque;
		for (size_t p = 0; p < PACKETS && !rule->opaque; p++) {
			make_packet(&packet, ipv6);
			run_ops(&packet, should);
			run_rule(rule, &packet, is);
			met += *should != '\0';
			if (strcmp(is, should))
				fail_msg("%s %s: '%s' and not '%s'", ipv6 ? "ipv6" : "ipv4", text,
					 is, should);
		}
		rule_free(rule);
	}
	/* Or nothing was tried. */
	assert_true(decoded > RULES / 10 && met > RULES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_meaning) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
