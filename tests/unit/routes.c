/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random policy routing: the reverse path filter's answer for all sources at once is the
 * same as the route of each single source. And what the kernel's lists say about
 * interfaces, next hops and the host's own destinations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "own_places.h"
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
		for (unsigned int hops = route->multipath ? below(3) : 0; hops > 0; hops--)
			netinfo_add_hop(info, route, 1 + (int)below(NAMES));
		route->ambiguous = below(12) == 0;
		route->unknown = below(12) == 0;
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

static addr_t parse(const char *text)
{
	enum family family;
	addr_t addr;

	assert_true(addr_parse(text, &family, &addr));
	return addr;
}

static struct netroute *default_route(struct netinfo *info, int out)
{
	return netinfo_add_route(info, FAMILY_IPV4, 0, 0, RTN_UNICAST, out);
}

/* Which sources a strict filter lets in on each of three interfaces, by one default route. */
static void hops(void **unused)
{
	static const struct {
		bool multipath, unknown, ambiguous;
		int hops[2];
		char is[4]; /* for each interface: valid, doubtful or neither */
	} cases[] = {
		{ .is = "v--" },
		{ .multipath = true, .hops = { 1, 2 }, .is = "vv-" },
		{ .multipath = true, .hops = { 1, 2 }, .unknown = true, .is = "vvd" },
		{ .multipath = true, .is = "vdd" },
		{ .unknown = true, .is = "vdd" },
		{ .ambiguous = true, .is = "ddd" },
		{ .multipath = true, .hops = { 1, 3 }, .ambiguous = true, .is = "ddd" },
	};

	(void)unused;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct route_query query = { .family = FAMILY_IPV4, .dst = parse("203.0.113.1") };
		struct netinfo info = { 0 };
		struct netroute *route;

		for (int i = 0; i < NAMES; i++)
			netinfo_add_if(&info, "if", i + 1)->rp_filter = 1;
		route = default_route(&info, 1);
		route->multipath = cases[c].multipath;
		route->unknown = cases[c].unknown;
		route->ambiguous = cases[c].ambiguous;
		for (size_t i = 0; i < 2 && cases[c].hops[i]; i++)
			netinfo_add_hop(&info, route, cases[c].hops[i]);
		netinfo_sort(&info);
		for (size_t i = 0; i < NAMES; i++) {
			struct addrset valid = { 0 }, doubtful = { 0 };

			route_way_back(&info, &info.ifs[i], &query, &valid, &doubtful);
			assert_int_equal(addrset_has(&valid, query.dst), cases[c].is[i] == 'v');
			assert_int_equal(addrset_has(&doubtful, query.dst), cases[c].is[i] == 'd');
			addrset_clear(&valid);
			addrset_clear(&doubtful);
		}
		assert_int_equal(route_path(&info, &query).unsure, strcmp(cases[c].is, "v--") != 0);
		netinfo_clear(&info);
	}
}

static void marks_and_vrfs(void **unused)
{
	struct netif plain = { .index = 2 }, port = { .master = 5, .port = true }, in = { .master = 5 };
	struct netif vrf = { .vrf = true };
	struct netinfo info = { 0 };

	(void)unused;
	assert_false(netinfo_marks_matter(&info, FAMILY_IPV4));
	add_rule(&info, 1);
	info.rules[0].mask = 0;
	assert_false(netinfo_marks_matter(&info, FAMILY_IPV4));
	info.rules[0].mask = 0x100;
	assert_true(netinfo_marks_matter(&info, FAMILY_IPV4));
	assert_false(netinfo_marks_matter(&info, FAMILY_IPV6));
	netinfo_clear(&info);
	assert_false(route_in_vrf(NULL) || route_in_vrf(&plain) || route_in_vrf(&port));
	assert_true(route_in_vrf(&in) && route_in_vrf(&vrf));
}

/* A link-local destination is looked up on the interface where the packet came in. */
static void link_local(void **unused)
{
	struct netinfo info = { 0 };
	struct route_query query = { .family = FAMILY_IPV6, .dst = parse("fe80::5") };

	(void)unused;
	for (int i = 1; i <= 2; i++) {
		netinfo_add_if(&info, "if", i);
		netinfo_add_route(&info, FAMILY_IPV6, parse("fe80::"), 64, RTN_UNICAST, i);
	}
	netinfo_add_route(&info, FAMILY_IPV6, parse("fe80::5"), 128, RTN_LOCAL, 2);
	netinfo_sort(&info);
	query.in = &info.ifs[1];
	assert_int_equal(route_path(&info, &query).type, RTN_LOCAL);
	query.in = &info.ifs[0];
	assert_int_equal(route_path(&info, &query).type, RTN_UNICAST);
	assert_ptr_equal(route_path(&info, &query).out, &info.ifs[0]);
	assert_false(route_path(&info, &query).unsure);
	query.in = NULL;
	assert_int_equal(route_path(&info, &query).type, RTN_LOCAL);
	netinfo_clear(&info);
}

static void outside(void **unused)
{
	struct netinfo info = { 0 };
	struct netif *iface;

	(void)unused;
	netinfo_add_if(&info, "docker0", 1)->bridge = true;
	iface = netinfo_add_if(&info, "veth12", 2);
	iface->to_container = true;
	iface->master = 1;
	assert_true(netinfo_leads_outside(&info, iface));
	assert_false(netinfo_leads_outside(&info, &info.ifs[0]));
	info.ifs[0].to_router = true;
	assert_true(netinfo_leads_outside(&info, &info.ifs[0]));
	info.ifs[0].to_router = false;
	iface->to_container = false;
	assert_true(netinfo_leads_outside(&info, &info.ifs[0]));
	iface->to_container = true;
	strcpy(iface->name, "eth0");
	assert_true(netinfo_leads_outside(&info, &info.ifs[0]));
	iface->master = 3;
	assert_false(netinfo_leads_outside(&info, &info.ifs[0]));
	strcpy(info.ifs[0].name, "ens3");
	assert_true(netinfo_leads_outside(&info, &info.ifs[0]));
	netinfo_clear(&info);
}

static void redirect(void **unused)
{
	static const struct {
		const char *dst, *to; /* to NULL: dropped */
	} cases[] = {
		{ "2001:db8::1", "fd00::9" }, { "fc00::1", "fd00::9" }, { "ff0e::1", "fd00::9" },
		{ "fe80::1", "fe80::9" }, { "ff02::1", "fe80::9" }, { "fec0::1", NULL },
		{ "ff05::1", NULL }, { "::1", NULL }, { "ff01::1", NULL },
	};
	struct netinfo info = { 0 };
	const struct netif *iface = netinfo_add_if(&info, "if", 4);
	addr_t addr = 0;

	(void)unused;
	assert_false(netinfo_redirect(&info, iface, FAMILY_IPV4, parse("192.0.2.1"), &addr));
	netinfo_add_addr(&info, FAMILY_IPV4, parse("192.0.2.8"), 3, false);
	netinfo_add_addr(&info, FAMILY_IPV4, parse("169.254.0.9"), 4, false);
	netinfo_add_addr(&info, FAMILY_IPV4, parse("192.0.2.9"), 4, false);
	netinfo_add_addr(&info, FAMILY_IPV6, parse("fd00::7"), 4, true);
	netinfo_add_addr(&info, FAMILY_IPV6, parse("fd00::9"), 4, false);
	netinfo_add_addr(&info, FAMILY_IPV6, parse("fe80::9"), 4, false);
	assert_true(netinfo_redirect(&info, iface, FAMILY_IPV4, parse("192.0.2.1"), &addr));
	assert_true(addr == parse("169.254.0.9"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool found = netinfo_redirect(&info, iface, FAMILY_IPV6, parse(cases[i].dst), &addr);

		assert_int_equal(found, cases[i].to != NULL);
		assert_true(!found || addr == parse(cases[i].to));
	}
	netinfo_clear(&info);
}

static void add_local(struct netinfo *info, enum family family, const char *dst,
		      unsigned int bits, uint8_t type, int out)
{
	netinfo_add_route(info, family, parse(dst), bits, type, out);
}

static void expect_addresses(const struct netinfo *info, enum family family, const char *texts)
{
	struct own_addresses addresses;
	struct strings list = { 0 };
	char *joined;

	own_addresses_find(info, family, &addresses);
	for (size_t i = 0; i < addresses.n; i++)
		strings_take(&list, addrrange_text(family, addresses.v[i]));
	joined = xstrdup("");
	for (size_t i = 0; i < list.n; i++) {
		char *longer = xasprintf("%s%s%s", joined, i ? " " : "", list.v[i]);

		free(joined);
		joined = longer;
	}
	assert_string_equal(joined, texts);
	free(joined);
	strings_clear(&list);
	own_addresses_clear(&addresses);
}

static const struct own_place *place(const struct own_places *places, const char *dst, int only)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->v[i].dst == parse(dst) && places->v[i].only == only)
			return &places->v[i];
	return NULL;
}

static void own(void **unused)
{
	struct netinfo info = { 0 };
	struct own_places places;

	(void)unused;
	netinfo_add_if(&info, "ens3", 2);
	add_local(&info, FAMILY_IPV4, "127.0.0.0", 8, RTN_LOCAL, 1);
	add_local(&info, FAMILY_IPV4, "127.0.0.1", 32, RTN_LOCAL, 1);
	add_local(&info, FAMILY_IPV4, "192.0.2.9", 32, RTN_LOCAL, 2);
	add_local(&info, FAMILY_IPV4, "192.0.2.255", 32, RTN_BROADCAST, 2);
	add_local(&info, FAMILY_IPV4, "10.1.255.255", 32, RTN_BROADCAST, 2);
	add_local(&info, FAMILY_IPV4, "198.51.100.255", 32, RTN_BROADCAST, 2);
	add_local(&info, FAMILY_IPV4, "198.51.100.255", 32, RTN_BROADCAST, 3);
	add_local(&info, FAMILY_IPV4, "169.254.0.9", 32, RTN_LOCAL, 2);
	add_local(&info, FAMILY_IPV4, "203.0.113.0", 24, RTN_LOCAL, 1);
	add_local(&info, FAMILY_IPV4, "203.0.113.255", 32, RTN_BROADCAST, 2);
	add_local(&info, FAMILY_IPV4, "203.0.113.128", 25, RTN_UNICAST, 2);
	info.routes[info.nroutes - 1].table = RT_TABLE_LOCAL;
	add_local(&info, FAMILY_IPV6, "2001:db8::9", 128, RTN_LOCAL, 2);
	add_local(&info, FAMILY_IPV6, "2001:db8::", 128, RTN_ANYCAST, 2);
	add_local(&info, FAMILY_IPV6, "fe80::9", 128, RTN_LOCAL, 2);
	add_local(&info, FAMILY_IPV6, "2001:db8:7::", 64, RTN_LOCAL, 1);
	netinfo_sort(&info);
	expect_addresses(&info, FAMILY_IPV4, "192.0.2.9 203.0.113.0/25");
	expect_addresses(&info, FAMILY_IPV6, "2001:db8::9 2001:db8:7::/64");
	own_places_find(&info, FAMILY_IPV4, &places);
	assert_true(place(&places, "255.255.255.255", 0)->udp);
	assert_true(place(&places, "192.0.2.255", 0)->nearby);
	assert_false(place(&places, "169.254.0.9", 0)->udp);
	assert_null(place(&places, "127.0.0.1", 0));
	assert_null(place(&places, "192.0.2.9", 0));
	own_places_clear(&places);
	/* The world's way in, apart from that link; and a router on the link itself. */
	netinfo_add_if(&info, "ens4", 3)->to_router = true;
	own_places_find(&info, FAMILY_IPV4, &places);
	assert_false(place(&places, "192.0.2.255", 0)->nearby);
	assert_true(place(&places, "10.1.255.255", 0)->nearby);
	assert_true(place(&places, "198.51.100.255", 0)->nearby);
	assert_true(place(&places, "255.255.255.255", 0)->nearby);
	own_places_clear(&places);
	info.ifs[0].to_router = true;
	own_places_find(&info, FAMILY_IPV4, &places);
	assert_null(place(&places, "192.0.2.16", 0));
	own_places_clear(&places);
	add_local(&info, FAMILY_IPV4, "192.0.2.16", 28, RTN_LOCAL, 1);
	info.routes[info.nroutes - 1].table = RT_TABLE_MAIN;
	add_local(&info, FAMILY_IPV4, "192.0.2.24", 29, RTN_UNICAST, 2);
	info.routes[info.nroutes - 1].table = RT_TABLE_MAIN;
	netinfo_sort(&info);
	own_places_find(&info, FAMILY_IPV4, &places);
	assert_true(place(&places, "192.0.2.16", 0)->udp);
	assert_false(place(&places, "192.0.2.16", 0)->nearby);
	assert_true(place(&places, "192.0.2.16", 0)->last == parse("192.0.2.23"));
	assert_true(place(&places, "192.0.2.255", 0)->last == parse("192.0.2.255"));
	assert_true(place(&places, "192.0.2.255", 0)->nearby);
	own_places_clear(&places);
	info.ifs[0].localnet = true;
	own_places_find(&info, FAMILY_IPV4, &places);
	assert_non_null(place(&places, "127.0.0.1", 0));
	own_places_clear(&places);
	own_places_find(&info, FAMILY_IPV6, &places);
	assert_false(place(&places, "2001:db8::", 0)->nearby);
	assert_true(place(&places, "2001:db8::", 0)->udp);
	assert_true(place(&places, "fe80::9", 2)->nearby);
	own_places_clear(&places);
	netinfo_clear(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way_back),
		cmocka_unit_test(hops),
		cmocka_unit_test(marks_and_vrfs),
		cmocka_unit_test(link_local),
		cmocka_unit_test(outside),
		cmocka_unit_test(redirect),
		cmocka_unit_test(own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
