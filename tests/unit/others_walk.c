/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base chains of other tables, made by hand: which packets they meet, and what then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/fib_rules.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/rtnetlink.h>

#include "apply.h"
#include "deadline.h"
#include "trace.h"

#define WEB "from 203.0.113.200 in ens3 to 198.51.100.10 tcp 80"

static struct netinfo info;
static struct snapshot *snapshot;
static struct other_filters others;
static size_t base; /* its base chain */

static addr_t addr(const char *text)
{
	enum family family;
	addr_t value = 0;

	assert_true(addr_parse(text, &family, &value));
	return value;
}

/* Begins anew with one table: a base chain "base" and a chain "sub", both empty. */
static struct other_hook *begin(enum other_place place, int32_t priority, bool nat)
{
	size_t table;

	other_filters_clear(&others);
	table = other_filters_table(&others, "inet own",
				    1U << FAMILY_IPV4 | 1U << FAMILY_IPV6);
	other_filters_add_chain(&others, "sub");
	other_filters_add_chain(&others, "base")->base = true;
	other_filters_sort(&others);
	base = other_filters_chain(&others, table, "base");
	other_filters_take(&others, (struct other_hook){
		.place = place, .priority = priority, .nat = nat, .families = 1U << FAMILY_IPV4,
		.chain = base, .name = xstrdup("inet own base"),
	});
	return &others.v[0];
}

/* Takes the rule over. The result is valid until the next one is added; NULL: it is not kept. */
static struct other_rule *append(const char *chain, struct other_rule rule)
{
	struct other_chain *to = &others.chains[other_filters_chain(&others, 0, chain)];

	rule.number = ++to->rules;
	other_chain_add(to, &rule);
	return to->n ? &to->v[to->n - 1] : NULL;
}

static struct other_rule *add(const char *chain, enum other_verdict verdict)
{
	return append(chain, (struct other_rule){ .verdict = verdict, .to = OTHER_NOWHERE });
}

static struct other_rule *lead(const char *chain, const char *to)
{
	size_t at = to ? other_filters_chain(&others, 0, to) : OTHER_NOWHERE;

	return append(chain, (struct other_rule){ .verdict = OTHER_JUMP, .to = at });
}

static struct other_rule *mark(const char *chain, uint32_t value)
{
	struct other_rule rule = { .to = OTHER_NOWHERE };

	other_rule_change(&rule, &(struct other_change){ .kind = OTHER_SET_MARK, .flip = value });
	return append(chain, rule);
}

/* Drops its conditions. */
static void anew(struct other_rule *rule)
{
	rule->ntests = 0;
	rule->unsure = false;
}

static void want(struct other_rule *rule, enum other_field field, addr_t lo, addr_t hi, bool inverted)
{
	anew(rule);
	other_rule_want(rule, field, 4, (struct addrrange){ lo, hi }, inverted);
}

static void want_state(struct other_rule *rule, unsigned int states)
{
	anew(rule);
	other_rule_want(rule, FIELD_STATE, 4, (struct addrrange){ 0, 0 }, true);
	rule->tests[0].key.mask = states;
}

static void want_dnat(struct other_rule *rule, bool is)
{
	anew(rule);
	other_rule_want(rule, FIELD_STATUS, 4, (struct addrrange){ 0, 0 }, is);
	rule->tests[0].key.mask = 0x20;
}

static void from_interface(struct other_rule *rule, const char *name, bool inverted)
{
	size_t size = strlen(name);
	struct addrrange names = name[size - 1] == '*' ? other_names(name, size - 1)
						       : (struct addrrange){ other_name(name), other_name(name) };

	want(rule, FIELD_IN_NAME, names.lo, names.hi, inverted);
}

static bool doubts(const struct fate *fate, const char *doubt)
{
	const struct decider *by = &fate->doubt;
	char *text = xasprintf("%s %s %s", by->table ? by->table : "", by->chain ? by->chain : "",
			       by->reason ? by->reason : "");
	bool is = strstr(text, doubt);

	free(text);
	return is;
}

/* The possible ends, such as "forwarded", or "forwarded dropped" with what is in doubt. */
static void ends(const char *text, const char *expected, const char *doubt)
{
	struct world world = { .snapshot = snapshot, .info = &info, .others = &others };
	struct trace trace;
	char is[64] = "";

	assert_int_equal(trace_run(&world, text, false, &trace), 0);
	for (unsigned int v = 0; v < TRACE_MAYBE; v++)
		if (trace.possible & 1U << v)
			snprintf(is + strlen(is), sizeof(is) - strlen(is), "%s%s", *is ? " " : "",
				 trace_verdict_name((enum trace_verdict)v));
	assert_string_equal(is, expected);
	assert_int_equal(trace.fate.doubtful, doubt != NULL);
	if (doubt)
		assert_true(doubts(&trace.fate, doubt));
	trace_clear(&trace);
}

#define ALL "forwarded local dropped refused lost"

static void drops(void **state)
{
	static const enum other_place on_the_way[] = { OTHER_PREROUTING, OTHER_FORWARD,
						       OTHER_POSTROUTING };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(on_the_way); i++) {
		begin(on_the_way[i], 10, false);
		ends(WEB, "forwarded", NULL);
		add("base", OTHER_DROP);
		ends(WEB, "dropped", NULL);
		others.chains[base].v[0].unsure = true;
		ends(WEB, "forwarded dropped", "inet own base");
	}
	begin(OTHER_INPUT, 10, false);
	add("base", OTHER_DROP);
	ends(WEB, "forwarded", NULL);
	begin(OTHER_FORWARD, -200, false)->drops = true;
	ends(WEB, "dropped", NULL);
	add("base", OTHER_ACCEPT);
	ends(WEB, "forwarded", NULL);
	begin(OTHER_FORWARD, 0, false)->families = 1U << FAMILY_IPV6;
	add("base", OTHER_DROP);
	ends(WEB, "forwarded", NULL);
	begin(OTHER_FORWARD, 0, false);
	add("base", OTHER_REFUSE);
	ends(WEB, "refused", NULL);
	/* An accept ends this chain and no other. */
	begin(OTHER_FORWARD, -5, false);
	add("base", OTHER_ACCEPT);
	add("base", OTHER_DROP);
	ends(WEB, "forwarded", NULL);
}

/* A condition that is not met keeps a packet from what the rule does. */
static void conditions(void **state)
{
	struct other_rule *rule;

	(void)state;
	begin(OTHER_FORWARD, 10, false);
	rule = add("base", OTHER_DROP);
	from_interface(rule, "ens4", false);
	ends(WEB, "forwarded", NULL);
	from_interface(rule, "ens*", false);
	ends(WEB, "dropped", NULL);
	from_interface(rule, "ens3", true);
	ends(WEB, "forwarded", NULL);
	want(rule, FIELD_PROTO, IPPROTO_UDP, IPPROTO_UDP, false);
	ends(WEB, "forwarded", NULL);
	want(rule, FIELD_PROTO, IPPROTO_UDP, IPPROTO_UDP, true);
	ends(WEB, "dropped", NULL);
	want(rule, FIELD_DPORT, 1, 79, false);
	ends(WEB, "forwarded", NULL);
	want(rule, FIELD_DPORT, 1, 79, true);
	ends(WEB, "dropped", NULL);
	want(rule, FIELD_UNKNOWN, 1, 79, false);
	ends(WEB, "forwarded dropped", "own base");
	want_state(rule, OTHER_STATE_INVALID);
	ends(WEB, "forwarded", NULL);
	want_state(rule, OTHER_STATE_INVALID | OTHER_STATE_NEW);
	ends(WEB, "dropped", NULL);
	want_dnat(rule, true);
	ends(WEB, "forwarded", NULL);
	want(rule, FIELD_SOURCE, addr("10.0.0.0"), addr("10.255.255.255"), false);
	ends(WEB, "forwarded", NULL);
	want(rule, FIELD_SOURCE, addr("10.0.0.0"), addr("10.255.255.255"), true);
	ends(WEB, "dropped", NULL);
	/* An accept before it that is not certain spares something. */
	begin(OTHER_FORWARD, 10, false);
	rule = lead("base", "sub");
	rule->unsure = true;
	add("sub", OTHER_ACCEPT);
	add("base", OTHER_DROP);
	ends(WEB, "forwarded dropped", "own base");
	others.chains[base].v[0].unsure = false;
	ends(WEB, "forwarded", NULL);
}

/* Several fields together, and the elements of a map. */
static void together(void **state)
{
	const struct other_key port = { FIELD_DPORT, 2, OTHER_MASK_ALL };
	struct other_test test = { .key = { FIELD_SOURCE, 4, OTHER_MASK_ALL }, .nkeys = 2 };
	struct other_rule *rule;
	struct other_set *set;

	(void)state;
	begin(OTHER_FORWARD, 10, false);
	set = other_filters_set(&others, 2);
	set->boxes = xcalloc(4, sizeof(*set->boxes));
	set->n = 2;
	set->boxes[0] = (struct addrrange){ addr("203.0.113.0"), addr("203.0.113.255") };
	set->boxes[1] = (struct addrrange){ 80, 80 };
	set->boxes[2] = (struct addrrange){ addr("10.0.0.0"), addr("10.0.0.9") };
	set->boxes[3] = (struct addrrange){ 1, 65535 };
	test.more = other_filters_keys(&others, &port, 1);
	test.set = set;
	rule = add("base", OTHER_DROP);
	other_rule_add_test(rule, &test);
	ends(WEB, "dropped", NULL);
	ends("from 203.0.113.200 in ens3 to 198.51.100.10 tcp 81", "forwarded", NULL);
	ends("from 203.0.114.200 in ens3 to 198.51.100.10 tcp 80", "forwarded", NULL);
	rule->tests[0].inverted = true;
	ends(WEB, "forwarded", NULL);
	ends("from 203.0.113.200 in ens3 to 198.51.100.10 tcp 81", "dropped", NULL);
	ends("from 203.0.114.200 in ens3 to 198.51.100.10 tcp 80", "dropped", NULL);
	/* Rules may put elements into it. */
	set->unsure = true;
	ends(WEB, "forwarded dropped", "own base");
	/* Of a map, one element counts, and then the next rule. */
	begin(OTHER_FORWARD, 10, false);
	lead("base", "sub");
	add("base", OTHER_DROP);
	for (size_t i = 0; i < 2; i++) {
		others.chains[base].v[i].alternative = true;
		others.chains[base].v[i].number = 1;
	}
	ends(WEB, "forwarded", NULL);
	want(&others.chains[base].v[0], FIELD_PROTO, IPPROTO_UDP, IPPROTO_UDP, false);
	ends(WEB, "dropped", NULL);
}

/* A source that is not routed back: all of ens3 is, and of ens4 only its own network. */
static void way_back(void **state)
{
	(void)state;
	begin(OTHER_PREROUTING, 10, false);
	want(add("base", OTHER_DROP), FIELD_WAY_BACK, 0, 0, false);
	ends(WEB, "forwarded", NULL);
	ends("from 192.0.2.7 in ens4 to 198.51.100.10 tcp 80", "forwarded", NULL);
	ends("from 203.0.113.7 in ens4 to 198.51.100.10 tcp 80", "forwarded dropped", "own base");
	/* Before connection tracking every packet is invalid. */
	begin(OTHER_PREROUTING, -250, false);
	want_state(add("base", OTHER_DROP), OTHER_STATE_INVALID);
	ends(WEB, "dropped", NULL);
	others.v[0].priority = -190;
	ends(WEB, "forwarded", NULL);
}

static void changes(void **state)
{
	struct other_rule *rule;

	(void)state;
	begin(OTHER_PREROUTING, -100, true);
	rule = add("base", OTHER_TRANSLATE);
	ends(WEB, ALL, "may have changed");
	rule->nat = (struct other_nat){ .known = true, .has_addr = true, .has_port = true,
					.addr = { addr("198.51.100.1"), addr("198.51.100.1") },
					.port = { 22, 22 } };
	ends(WEB, "local", NULL);
	want(rule, FIELD_PROTO, IPPROTO_UDP, IPPROTO_UDP, false);
	ends(WEB, "forwarded", NULL);
	begin(OTHER_PREROUTING, -100, false);
	add("base", OTHER_ANYTHING);
	ends(WEB, ALL, "own base");
	/* A map that could not be read may lead to any chain of the table. */
	begin(OTHER_PREROUTING, -100, false);
	lead("base", NULL);
	ends(WEB, ALL, "own base");
}

static struct chain *chain(const char *table, const char *name)
{
	struct table *in = snapshot_table(snapshot, FAMILY_IPV4, table);
	struct chain *made;

	if (!in)
		in = snapshot_add_table(snapshot, FAMILY_IPV4, table);
	made = table_add_chain(in, name);
	made->builtin = made->loaded = true;
	made->policy = VERDICT_ACCEPT;
	table_sort(in);
	return table_chain(in, name);
}

static void marks(void **state)
{
	struct xt_mark_mtinfo1 match = { .mark = 1, .mask = 3 };
	struct chain *forward = table_chain(snapshot_table(snapshot, FAMILY_IPV4, "filter"), "FORWARD");
	struct rule *rule = rule_new(FAMILY_IPV4);
	struct netrule *route;

	(void)state;
	begin(OTHER_PREROUTING, -10, false);
	mark("base", 5);
	ends(WEB, "forwarded", NULL);
	rule->verdict = VERDICT_DROP;
	rule_add_match(rule, "mark", 1, &match, sizeof(match));
	chain_add_rule(forward, rule);
	ends(WEB, "dropped", NULL);
	others.chains[base].v[0].changes[0].from = OTHER_FROM_UNKNOWN;
	ends(WEB, "forwarded dropped", "filter FORWARD");
	begin(OTHER_FORWARD, 10, false);
	mark("base", 1);
	/* Too late for that rule. */
	ends(WEB, "forwarded", NULL);
	/* Of the same priority: before it, or after it. */
	begin(OTHER_FORWARD, 0, false);
	mark("base", 1);
	ends(WEB, "forwarded dropped", "own base");
	rule_free(chain_remove_rule(forward, 0));
	/* Only the routing matches on it. */
	begin(OTHER_PREROUTING, -10, false);
	mark("base", 1);
	assert_false(netinfo_marks_matter(&info, FAMILY_IPV4));
	info.rules = xreallocarray(info.rules, info.nrules + 1, sizeof(*info.rules));
	memmove(info.rules + 1, info.rules, info.nrules * sizeof(*info.rules));
	info.nrules++;
	route = &info.rules[0];
	*route = (struct netrule){ .family = FAMILY_IPV4, .action = FR_ACT_TO_TBL, .table = 100, .mark = 1,
				   .mask = 1 };
	assert_true(netinfo_marks_matter(&info, FAMILY_IPV4));
	netinfo_add_route(&info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 3)->table = 100;
	netinfo_sort(&info);
	ends(WEB, "forwarded", NULL);
	netinfo_add_route(&info, FAMILY_IPV4, addr("198.51.100.10"), 32, RTN_UNREACHABLE, 0)->table = 100;
	netinfo_sort(&info);
	ends(WEB, "lost", NULL);
	info.nrules--;
	memmove(info.rules, info.rules + 1, info.nrules * sizeof(*info.rules));
	ends(WEB, "forwarded", NULL);
}

static void untracked(void **state)
{
	struct other_hook *hook = begin(OTHER_PREROUTING, -300, false);
	struct other_rule rule = { .to = OTHER_NOWHERE };

	(void)state;
	other_rule_change(&rule, &(struct other_change){ .kind = OTHER_NOTRACK });
	append("base", rule);
	want_state(add("base", OTHER_DROP), OTHER_STATE_UNTRACKED);
	ends(WEB, "dropped", NULL);
	hook->priority = -150;
	ends(WEB, "forwarded", NULL);
	/* A packet without a connection is not translated, and not untranslated either. */
	begin(OTHER_PREROUTING, -250, false);
	want_dnat(add("base", OTHER_ACCEPT), false);
	add("base", OTHER_DROP);
	ends(WEB, "dropped", NULL);
	others.v[0].priority = -150;
	ends(WEB, "forwarded", NULL);
}

/* Devices below an interface: a bridge's ports, and what a VLAN is on. */
static void links(void **state)
{
	struct other_hook *hook = begin(OTHER_INGRESS, 0, false);

	(void)state;
	hook->link = true;
	hook->ndevices = 1;
	hook->devices = xcalloc(1, sizeof(*hook->devices));
	add("base", OTHER_DROP);
	interface_set(&hook->devices[0], "ens3");
	ends(WEB, "dropped", NULL);
	ends("from 192.0.2.7 in ens4 to 198.51.100.10 tcp 80", "forwarded", NULL);
	interface_set(&hook->devices[0], "vk0");
	ends(WEB, "forwarded", NULL);
	ends("from 172.17.0.9 in docker0 to 198.51.100.10 tcp 22", "forwarded dropped", "own base");
	ends("from 192.0.2.99 in ens4.7 to 198.51.100.10 tcp 80", "forwarded", NULL);
	interface_set(&hook->devices[0], "ens4");
	ends("from 192.0.2.99 in ens4.7 to 198.51.100.10 tcp 80", "forwarded dropped", "own base");
	hook->place = OTHER_EGRESS;
	interface_set(&hook->devices[0], "vk0");
	ends(WEB, "forwarded dropped", "own base");
	hook->place = OTHER_BRIDGE_IN;
	ends(WEB, "forwarded", NULL);
	hook->place = OTHER_BRIDGE_OUT;
	ends(WEB, "forwarded dropped", "own base");
}

/* Of a long chain, only the rules that can match are evaluated, in their order. */
static void many(void **state)
{
	struct other_rule *rule;

	(void)state;
	begin(OTHER_FORWARD, 0, false);
	for (unsigned int i = 0; i < 5000; i++) {
		rule = add("base", i == 4000 ? OTHER_REFUSE : OTHER_DROP);
		want(rule, FIELD_PROTO, IPPROTO_TCP, IPPROTO_TCP, false);
		other_rule_want(rule, FIELD_DPORT, 2,
				(struct addrrange){ 1000 + i % 4000, 1000 + i % 4000 }, false);
	}
	ends(WEB, "forwarded", NULL);
	ends("from 203.0.113.200 in ens3 to 198.51.100.10 tcp 1000", "dropped", NULL);
	others.chains[base].v[0].verdict = OTHER_ACCEPT;
	ends("from 203.0.113.200 in ens3 to 198.51.100.10 tcp 1000", "forwarded", NULL);
	/* What does nothing is not kept, but counted. */
	begin(OTHER_FORWARD, 0, false);
	append("base", (struct other_rule){ .to = OTHER_NOWHERE });
	assert_int_equal(others.chains[base].n, 0);
	assert_true(other_hook_filters(&others, &others.v[0]));
}

static struct netif *add_interface(const char *name, int index, const char *address)
{
	struct netif *iface = netinfo_add_if(&info, name, index);

	iface->up = true;
	if (address) {
		iface->has_addr[FAMILY_IPV4] = iface->numbered = true;
		iface->addr[FAMILY_IPV4] = addr(address);
	}
	return iface;
}

/* The container 198.51.100.10 has an address of its own, which is routed to docker0. */
static void make_network(void)
{
	add_interface("lo", 1, NULL)->loopback = true;
	add_interface("ens3", 2, "198.51.100.1");
	add_interface("ens4", 3, "192.0.2.1");
	add_interface("ens4.7", 4, "192.0.2.97")->link = 3;
	add_interface("docker0", 5, "172.17.0.1")->bridge = true;
	add_interface("vk0", 6, NULL);
	info.ifs[5].master = 5;
	info.ifs[5].port = true;
	netinfo_add_route(&info, FAMILY_IPV4, addr("198.51.100.10"), 32, RTN_UNICAST, 5);
	netinfo_add_route(&info, FAMILY_IPV4, addr("198.51.100.1"), 32, RTN_LOCAL, 2);
	netinfo_add_route(&info, FAMILY_IPV4, addr("198.51.100.0"), 24, RTN_UNICAST, 2);
	netinfo_add_route(&info, FAMILY_IPV4, addr("192.0.2.0"), 24, RTN_UNICAST, 3);
	netinfo_add_route(&info, FAMILY_IPV4, addr("172.17.0.0"), 16, RTN_UNICAST, 5);
	netinfo_add_route(&info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_sort(&info);
	info.local[FAMILY_IPV4] = true;
	info.rules = xcalloc(2, sizeof(*info.rules));
	info.rules[0] = (struct netrule){ .family = FAMILY_IPV4, .table = RT_TABLE_LOCAL,
					  .action = FR_ACT_TO_TBL };
	info.rules[1] = info.rules[0];
	info.rules[1].priority = 32766;
	info.rules[1].table = RT_TABLE_MAIN;
	info.nrules = 2;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops), cmocka_unit_test(conditions), cmocka_unit_test(together),
		cmocka_unit_test(way_back), cmocka_unit_test(changes), cmocka_unit_test(marks), cmocka_unit_test(untracked),
		cmocka_unit_test(links), cmocka_unit_test(many),
	};
	int failed;

	deadline_start(60);
	make_network();
	snapshot = snapshot_new(BACKEND_NFT);
	chain("filter", "FORWARD");
	chain("filter", "INPUT");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	other_filters_clear(&others);
	snapshot_free(snapshot);
	netinfo_clear(&info);
	return failed;
}
