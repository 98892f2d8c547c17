/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets of older revisions, and ones that are too short: current
 * iptables never writes them, but a kernel may hold them. Each gives the same answer
 * as the newest revision, or maybe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_state.h>
#include <linux/rtnetlink.h>

#include "match.h"
#include "reach.h"
#include "target.h"

static struct netinfo info;

static struct packet packet_of(enum conntrack ct)
{
	struct packet packet = {
		.family = FAMILY_IPV4, .proto = IPPROTO_TCP, .ct = ct,
		.dst = { 0xac110002, 0xac110002 }, .orig_dst = { 0xac110002, 0xac110002 },
		.dport = { 80, 80 }, .orig_dport = { 80, 80 }, .sport = { 1, 65535 },
	};

	return packet;
}

/* The answer of a rule with only that match; for every smaller size, maybe. */
static enum answer says(const char *name, uint8_t revision, const void *data, size_t size,
			enum conntrack ct)
{
	struct packet packet = packet_of(ct);
	enum answer answer = ANSWER_MAYBE;

	for (size_t n = 0; n <= size; n++) {
		struct rule *rule = rule_new(FAMILY_IPV4);
		struct ready_rule ready;

		assert_int_equal(answer, ANSWER_MAYBE);
		rule_add_match(rule, name, revision, data, n);
		match_ready(&ready, rule, &info, NULL, false);
		answer = match_fixed(&ready, &packet, &info);
		match_ready_clear(&ready);
		rule_free(rule);
	}
	return answer;
}

/* Whether the rule accepts a packet that starts a connection. */
static bool accepts_new(const char *name, uint8_t revision, const void *data, size_t size)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = snapshot_add_table(snapshot, FAMILY_IPV4, "filter");
	struct chain *chain = table_add_chain(table, "FORWARD");
	struct rule *rule = rule_new(FAMILY_IPV4);
	struct reach *reach;
	bool accepts;

	chain->loaded = chain->builtin = true;
	rule->verdict = VERDICT_ACCEPT;
	rule_add_match(rule, name, revision, data, size);
	chain_add_rule(chain, rule);
	reach = reach_new(table, NULL);
	accepts = reach_accepts(reach, chain, chain->rules[0], true);
	reach_free(reach);
	snapshot_free(snapshot);
	return accepts;
}

static void states(void **state)
{
	const unsigned int fresh = XT_CONNTRACK_STATE_BIT(IP_CT_NEW);
	const unsigned int old = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	struct xt_state_info info0 = { .statemask = fresh };
	struct xt_conntrack_mtinfo1 info1 = { .match_flags = XT_CONNTRACK_STATE, .state_mask = fresh };
	struct xt_conntrack_mtinfo2 info2 = { .match_flags = XT_CONNTRACK_STATE, .state_mask = fresh };

	(void)state;
	assert_int_equal(says("state", 0, &info0, sizeof(info0), CT_NEW), ANSWER_YES);
	assert_int_equal(says("state", 0, &info0, sizeof(info0), CT_NONE), ANSWER_NO);
	assert_int_equal(says("state", 0, &info0, sizeof(info0), CT_UNTRACKED), ANSWER_NO);
	assert_int_equal(says("conntrack", 1, &info1, sizeof(info1), CT_NEW), ANSWER_YES);
	assert_int_equal(says("conntrack", 2, &info2, sizeof(info2), CT_NEW), ANSWER_YES);
	assert_true(accepts_new("state", 0, &info0, sizeof(info0)));
	assert_true(accepts_new("conntrack", 1, &info1, sizeof(info1)));
	assert_true(accepts_new("conntrack", 2, &info2, sizeof(info2)));

	info0.statemask = info1.state_mask = info2.state_mask = old;
	assert_int_equal(says("state", 0, &info0, sizeof(info0), CT_NEW), ANSWER_NO);
	assert_int_equal(says("conntrack", 1, &info1, sizeof(info1), CT_NEW), ANSWER_NO);
	assert_int_equal(says("conntrack", 2, &info2, sizeof(info2), CT_NEW), ANSWER_NO);
	assert_false(accepts_new("state", 0, &info0, sizeof(info0)));
	assert_false(accepts_new("conntrack", 1, &info1, sizeof(info1)));
	assert_false(accepts_new("conntrack", 2, &info2, sizeof(info2)));
	/* What cannot be decoded may accept. */
	assert_true(accepts_new("state", 0, &info0, sizeof(info0) - 1));
	assert_true(accepts_new("conntrack", 1, &info1, sizeof(info1) - 1));
	assert_true(accepts_new("conntrack", 2, &info2, sizeof(info2) - 1));
	assert_true(accepts_new("conntrack", 9, &info2, sizeof(info2)));

	info1.invert_flags = info2.invert_flags = XT_CONNTRACK_STATE;
	assert_int_equal(says("conntrack", 1, &info1, sizeof(info1), CT_NEW), ANSWER_YES);
	assert_int_equal(says("conntrack", 2, &info2, sizeof(info2), CT_NEW), ANSWER_YES);
	assert_true(accepts_new("conntrack", 1, &info1, sizeof(info1)));
	info2.state_mask = fresh | XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED;
	assert_false(accepts_new("conntrack", 2, &info2, sizeof(info2)));
	assert_int_equal(says("conntrack", 9, &info2, sizeof(info2), CT_NEW), ANSWER_MAYBE);
}

/* Other members of the older revisions, which have one port instead of two. */
static void connections(void **state)
{
	struct xt_conntrack_mtinfo1 info1 = {
		.match_flags = XT_CONNTRACK_ORIGDST | XT_CONNTRACK_ORIGDST_PORT | XT_CONNTRACK_PROTO,
		.origdst_addr.ip = htonl(0xac110002), .origdst_mask.ip = ~0U,
		.origdst_port = htons(80), .l4proto = IPPROTO_TCP,
	};
	struct xt_conntrack_mtinfo2 info2 = { 0 };

	(void)state;
	assert_int_equal(says("conntrack", 1, &info1, sizeof(info1), CT_NEW), ANSWER_YES);
	info2.match_flags = info1.match_flags;
	info2.origdst_addr = info1.origdst_addr;
	info2.origdst_mask = info1.origdst_mask;
	info2.origdst_port = info1.origdst_port;
	info2.l4proto = info1.l4proto;
	assert_int_equal(says("conntrack", 2, &info2, sizeof(info2), CT_NEW), ANSWER_YES);
	info1.origdst_port = info2.origdst_port = htons(81);
	assert_int_equal(says("conntrack", 1, &info1, sizeof(info1), CT_NEW), ANSWER_NO);
	assert_int_equal(says("conntrack", 2, &info2, sizeof(info2), CT_NEW), ANSWER_NO);
}

static void addresses(void **state)
{
	struct xt_addrtype_info old = { .dest = 1 << RTN_MULTICAST };

	(void)state;
	assert_int_equal(says("addrtype", 0, &old, sizeof(old), CT_NEW), ANSWER_NO);
	old.invert_dest = 1;
	assert_int_equal(says("addrtype", 0, &old, sizeof(old), CT_NEW), ANSWER_YES);
	assert_int_equal(says("addrtype", 7, &old, sizeof(old), CT_NEW), ANSWER_MAYBE);
}

/* The packet after a target, of whose data only size - cut bytes are there. */
static struct packet changed(const char *name, uint8_t revision, const void *data, size_t size)
{
	struct packet packet = packet_of(CT_NEW);
	struct rule *rule = rule_new(FAMILY_IPV4);

	packet.mark.value = 0x12;
	packet.ctmark.value = 0x34;
	rule_set_target(rule, name, revision, data, size);
	assert_true(target_change(rule, &packet, &info));
	rule_free(rule);
	return packet;
}

static void marks(void **state)
{
	struct xt_mark_tginfo2 mark = { .mark = 5, .mask = 0xff };
	struct xt_connmark_tginfo1 old = { .ctmark = 7, .ctmask = 0xff, .mode = XT_CONNMARK_SET };
	struct xt_connmark_tginfo2 new = { .ctmark = 7, .ctmask = 0xff, .mode = XT_CONNMARK_SET };
	struct packet packet;

	(void)state;
	packet = changed("MARK", 2, &mark, sizeof(mark));
	assert_int_equal(packet.mark.value, 5);
	assert_false(packet.mark.unknown);
	assert_true(changed("MARK", 2, &mark, sizeof(mark) - 1).mark.unknown);
	assert_true(changed("MARK", 1, &mark, sizeof(mark)).mark.unknown);
	assert_true(changed("HMARK", 0, &mark, sizeof(mark)).mark.unknown);

	packet = changed("CONNMARK", 1, &old, sizeof(old));
	assert_int_equal(packet.ctmark.value, 7);
	assert_false(packet.ctmark.unknown);
	assert_true(changed("CONNMARK", 1, &old, sizeof(old) - 1).ctmark.unknown);
	assert_int_equal(changed("CONNMARK", 2, &new, sizeof(new)).ctmark.value, 7);
	new.shift_bits = 1;
	assert_true(changed("CONNMARK", 2, &new, sizeof(new)).ctmark.unknown);

	old = (struct xt_connmark_tginfo1){ .ctmask = ~0U, .nfmask = ~0U, .mode = XT_CONNMARK_RESTORE };
	assert_int_equal(changed("CONNMARK", 1, &old, sizeof(old)).mark.value, 0x34);
	old.mode = XT_CONNMARK_SAVE;
	assert_int_equal(changed("CONNMARK", 1, &old, sizeof(old)).ctmark.value, 0x12);
}

/* A translation that cannot be decoded may lead anywhere. */
static void translations(void **state)
{
	struct nf_nat_ipv4_multi_range_compat map = {
		.rangesize = 1,
		.range[0] = { .flags = NF_NAT_RANGE_MAP_IPS, .min_ip = htonl(0x0a000000),
			      .max_ip = htonl(0x0a0000ff) },
	};
	struct packet packet = changed("NETMAP", 0, &map, sizeof(map));

	(void)state;
	assert_true(packet.dnat);
	assert_int_equal(packet.dst.lo, 0x0a000002);
	assert_int_equal(packet.dst.hi, 0x0a000002);
	assert_int_equal(packet.dport.lo, 80);
	packet = changed("NETMAP", 0, &map, sizeof(map) - 1);
	assert_true(packet.dnat && packet.dst.lo == 0 && packet.dst.hi == 0xffffffff &&
		    packet.dport.hi == 65535);
	map.rangesize = 2;
	packet = changed("NETMAP", 0, &map, sizeof(map));
	assert_true(packet.dst.lo == 0 && packet.dst.hi == 0xffffffff);
	packet = changed("DNAT", 9, &map, sizeof(map));
	assert_true(packet.dnat && packet.dst.lo == 0 && packet.dst.hi == 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(connections),
		cmocka_unit_test(addresses),
		cmocka_unit_test(marks),
		cmocka_unit_test(translations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
