/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random policy routing: the reverse path filter's answer for all sources at once is the
 * same as the route of each single source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "route_path.h"

#define TABLES 3
#define NAMES 3

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

/* Few values, among them both ends of the address space, so that prefixes contain each other. */
static addr_t address(void)
{
	static const uint32_t bases[] = { 0, 0x0a000000, 0x0a010000, 0x0a010200, 0xc0a80000,
					  0xffffff00, 0xffffffff };

	return bases[below(7)] | below(4);
}

static unsigned int length(void)
{
	static const unsigned int lengths[] = { 0, 1, 8, 16, 24, 30, 31, 32 };

	return lengths[below(8)];
}

static addr_t prefix(addr_t addr, unsigned int bits)
{
	return bits ? addr & ~(addr_t)((1ull << (32 - bits)) - 1) : 0;
}

static void add_rule(struct netinfo *info, uint32_t priority)
{
	struct netrule rule = { .family = FAMILY_IPV4, .priority = priority, .table = 1 + below(TABLES),
				.action = FR_ACT_TO_TBL };

	if (below(4) == 0)
		rule.action = below(2) ? FR_ACT_BLACKHOLE : FR_ACT_GOTO;
	rule.target = priority + 1 + below(3);
	rule.invert = below(4) == 0;
	rule.never = below(8) == 0;
	rule.unknown = below(8) == 0;
	if (below(3) == 0) {
		rule.dst_length = 1 + below(32);
		rule.dst = prefix(address(), rule.dst_length);
	}
	if (below(4) == 0) {
		rule.src_length = 1 + below(32);
		rule.src = prefix(address(), rule.src_length);
	}
	if (below(4) == 0) {
		rule.mask = 3;
		rule.mark = below(4);
	}
	if (below(4) == 0)
		strcpy(rule.in, below(2) ? "if1" : "lo");
	rule.suppresses = below(4) == 0;
	rule.suppress = length();
	GROW(info->rules, info->nrules, info->rules_room);
	info->rules[info->nrules++] = rule;
}

static void make(struct netinfo *info)
{
	static const char *const names[NAMES] = { "if0", "if1", "if2" };
	static const uint8_t types[] = { RTN_UNICAST, RTN_UNICAST, RTN_UNICAST, RTN_LOCAL,
					 RTN_THROW, RTN_BLACKHOLE, RTN_BROADCAST };

	for (int i = 0; i < NAMES; i++)
		netinfo_add_if(info, names[i], i + 1)->numbered = true;
	for (unsigned int n = 2 + below(20); n > 0; n--) {
		unsigned int bits = length();
		struct netroute *route = netinfo_add_route(info, FAMILY_IPV4, prefix(address(), bits),
							   bits, types[below(7)], 1 + (int)below(NAMES));

		route->table = 1 + below(TABLES);
		route->metric = below(2);
		route->multipath = below(10) == 0;
	}
	netinfo_sort(info);
	for (uint32_t n = 1 + below(6); n > 0; n--)
		add_rule(info, 100 - n);
}

static void compare(const struct netinfo *info, const struct netif *in, struct route_query *query)
{
	struct addrset valid = { 0 }, doubtful = { 0 };

	route_way_back(info, in, query, &valid, &doubtful);
	for (int i = 0; i < 200; i++) {
		struct route_path path;
		bool good;

		query->dst = i % 2 || !info->nroutes ? address()
				   : info->routes[below((uint32_t)info->nroutes)].dst + below(3) - 1;
		query->dst &= 0xffffffff;
		/* Multicast has no routes here, nor has broadcast. */
		if (query->dst >> 28 == 0xe || query->dst == 0xffffffff)
			continue;
		path = route_path(info, query);
		good = path.type == RTN_UNICAST && (in->rp_filter == 2 || path.out == in);
		assert_false(addrset_has(&valid, query->dst) && addrset_has(&doubtful, query->dst));
		if (addrset_has(&doubtful, query->dst))
			assert_true(path.unsure);
		else if (!path.unsure)
			assert_int_equal(addrset_has(&valid, query->dst), good);
	}
	addrset_clear(&valid);
	addrset_clear(&doubtful);
}

static void way_back(void **unused)
{
	(void)unused;
	for (int round = 0; round < 3000; round++) {
		struct netinfo info = { 0 };
		struct route_query query = { .family = FAMILY_IPV4, .src = address(), .mark = below(4) };

		make(&info);
		query.in = below(3) ? netinfo_if_index(&info, 1 + (int)below(NAMES)) : NULL;
		for (size_t i = 0; i < info.nifs; i++) {
			info.ifs[i].rp_filter = (uint8_t)(1 + below(2));
			compare(&info, &info.ifs[i], &query);
		}
		netinfo_clear(&info);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(way_back) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
