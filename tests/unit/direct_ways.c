/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever ports rules name: a way leads to each port of each network of a bridge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "direct_ways.h"
#include "xt_match.h"

#define NETWORKS 2

static struct netinfo info;
static struct docker_ports ports;
static struct snapshot *snapshot;
static struct chain *forward;
static struct other_filters others;
static uint32_t state = 1;

static uint16_t below(uint32_t n)
{
	state = state * 1664525u + 1013904223u;
	return (uint16_t)((state >> 8) % n);
}

static addr_t addr(const char *text)
{
	enum family family;
	addr_t value = 0;

	assert_true(addr_parse(text, &family, &value));
	return value;
}

static void begin(void)
{
	snapshot_free(snapshot);
	other_filters_clear(&others);
	snapshot = snapshot_new(BACKEND_NFT);
	forward = table_add_chain(snapshot_add_table(snapshot, FAMILY_IPV4, "filter"), "FORWARD");
	forward->loaded = true;
	other_filters_table(&others, "inet own", 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6);
	other_filters_add_chain(&others, "base")->base = true;
}

static void name(uint8_t proto, uint16_t lo, uint16_t hi, enum verdict verdict, bool single)
{
	struct rule *rule = rule_new(FAMILY_IPV4);

	rule->proto = proto;
	rule->verdict = verdict;
	assert_true(xt_dports_add(rule, lo, hi));
	if (single) {
		memcpy(rule->dst.addr, "\xac\x11\x00\x02", 4);
		memset(rule->dst.mask, 0xff, 4);
	}
	chain_add_rule(forward, rule);
}

/* A rule of nft; it has a range as two conditions. */
static void name_range(uint8_t proto, addr_t lo, addr_t hi, enum other_verdict verdict)
{
	struct other_rule rule = { .verdict = verdict, .to = OTHER_NOWHERE };

	if (proto)
		other_rule_want(&rule, FIELD_PROTO, 1, (struct addrrange){ proto, proto }, false);
	other_rule_want(&rule, FIELD_DPORT, 2, (struct addrrange){ lo, UINT16_MAX }, false);
	other_rule_want(&rule, FIELD_DPORT, 2, (struct addrrange){ 0, hi }, false);
	other_chain_add(&others.chains[0], &rule);
}

static bool leads(const struct direct_way *way, uint8_t proto, size_t network)
{
	return way->network == (network ? addr("172.18.0.0") : addr("172.17.0.0")) &&
	       way->length == 16 && (!way->proto || way->proto == proto) &&
	       way->to_port[direct_proto_of(proto)];
}

/* Whether ways lead to every port of both networks; spans: to how many others than "all others". */
static void complete(const char *what, uint8_t proto, size_t *spans)
{
	struct world world = { .snapshot = snapshot, .info = &info, .others = &others };
	struct direct_ways ways;
	size_t named = 0;

	direct_ways_collect(&world, 1U << FAMILY_IPV4, &ports, &ways);
	for (size_t network = 0; network < NETWORKS; network++) {
		bool *has = xcalloc(UINT16_MAX + 1, sizeof(*has));

		for (size_t i = 0; i < ways.n; i++) {
			if (!leads(&ways.v[i], proto, network))
				continue;
			named += !span_equal(ways.v[i].port, SPAN_ALL);
			for (size_t port = ways.v[i].port.lo; port <= ways.v[i].port.hi; port++)
				has[port] = true;
		}
		for (size_t port = 1; port <= UINT16_MAX; port++)
			if (!has[port])
				fail_msg("%s: no way to port %zu of network %zu", what, port, network);
		free(has);
	}
	direct_ways_clear(&ways);
	if (spans)
		*spans = named / NETWORKS;
}

static void ranges_of_nft(void **unused)
{
	size_t spans;

	(void)unused;
	begin();
	name_range(IPPROTO_TCP, 80, 81, OTHER_DROP);
	complete("a range that is refused", IPPROTO_TCP, &spans);
	assert_int_equal(spans, 0);
	complete("… in UDP", IPPROTO_UDP, &spans);
	assert_int_equal(spans, 0);
	begin();
	name_range(0, 80, 5432, OTHER_ACCEPT);
	complete("a range that is accepted", IPPROTO_UDP, &spans);
	assert_int_equal(spans, 1);
	begin();
	name_range(IPPROTO_TCP, 90, 80, OTHER_ACCEPT);
	complete("no port", IPPROTO_TCP, &spans);
	assert_int_equal(spans, 0);
}

static void every_port(void **unused)
{
	size_t spans;

	(void)unused;
	begin();
	name(IPPROTO_TCP, 1, 65535, VERDICT_DROP, false);
	complete("all of TCP", IPPROTO_TCP, &spans);
	assert_int_equal(spans, 0);
	begin();
	name(IPPROTO_TCP, 1, 1023, VERDICT_DROP, false);
	name(IPPROTO_UDP, 1024, 65535, VERDICT_DROP, false);
	complete("two protocols", IPPROTO_TCP, &spans);
	assert_int_equal(spans, 0);
	name(IPPROTO_TCP, 1024, 65535, VERDICT_DROP, false);
	complete("the other half", IPPROTO_TCP, &spans);
	assert_int_equal(spans, 2);
	complete("… not of UDP", IPPROTO_UDP, &spans);
	assert_int_equal(spans, 0);
	/* One that is followed, of which refusing ones make up everything. */
	begin();
	name(IPPROTO_TCP, 1000, 2000, VERDICT_ACCEPT, false);
	name(IPPROTO_TCP, 900, 1500, VERDICT_DROP, false);
	name(IPPROTO_TCP, 1501, 2100, VERDICT_DROP, false);
	name(IPPROTO_TCP, 900, 1200, VERDICT_DROP, false);
	name(IPPROTO_TCP, 1201, 1500, VERDICT_DROP, false);
	complete("a span that others make up", IPPROTO_TCP, &spans);
	/* 1501-2100, 900-1200, 1201-1500 */
	assert_int_equal(spans, 3);
}

/* More spans than are followed. */
static void many(void **unused)
{
	(void)unused;
	begin();
	for (unsigned int port = 0; port < 65536; port += 512)
		name(IPPROTO_TCP, (uint16_t)port, (uint16_t)(port + 511), VERDICT_DROP, false);
	complete("128 spans", IPPROTO_TCP, NULL);
	complete("… UDP", IPPROTO_UDP, NULL);
}

static void random_rules(void **unused)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	static const uint16_t edges[] = { 0, 1, 79, 80, 81, 1023, 1024, 30000, 65534, 65535 };

	(void)unused;
	for (size_t round = 0; round < 500; round++) {
		begin();
		for (size_t i = below(8); i > 0; i--) {
			uint16_t a = edges[below(10)], b = edges[below(10)];
			uint8_t proto = protos[below(2)];

			if (a > b)
				a ^= b, b ^= a, a ^= b;
			if (below(2))
				name(proto, a, b, below(2) ? VERDICT_DROP : VERDICT_ACCEPT, below(2));
			else
				name_range(below(3) ? proto : 0, a, b,
					   below(2) ? OTHER_DROP : OTHER_ACCEPT);
		}
		complete("random", IPPROTO_TCP, NULL);
		complete("random", IPPROTO_UDP, NULL);
	}
}

static void make_network(void)
{
	static const char *const names[] = { "ens3", "docker0", "br-n1" };
	struct interface iface;

	for (int i = 0; i < 3; i++) {
		netinfo_add_if(&info, names[i], i + 2)->up = true;
		if (i) {
			assert_true(interface_set(&iface, names[i]));
			docker_ports_bridge(&ports, &iface);
		}
	}
	netinfo_add_route(&info, FAMILY_IPV4, addr("172.17.0.0"), 16, RTN_UNICAST, 3);
	netinfo_add_route(&info, FAMILY_IPV4, addr("172.18.0.0"), 16, RTN_UNICAST, 4);
	netinfo_add_route(&info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_sort(&info);
	info.local[FAMILY_IPV4] = true;
	info.rules = xcalloc(1, sizeof(*info.rules));
	info.rules[0] = (struct netrule){ .family = FAMILY_IPV4, .table = RT_TABLE_MAIN,
					  .action = FR_ACT_TO_TBL };
	info.nrules = 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_of_nft), cmocka_unit_test(every_port),
		cmocka_unit_test(many), cmocka_unit_test(random_rules),
	};
	int failed;

	make_network();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snapshot_free(snapshot);
	other_filters_clear(&others);
	docker_ports_clear(&ports);
	netinfo_clear(&info);
	return failed;
}
