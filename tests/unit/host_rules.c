/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard's rules and sets for ports that follow the host's own firewall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "host_rules.h"
#include "xt_match.h"

static struct wanted_rule wanted_for(uint16_t port)
{
	struct xt_conntrack_want want = { .dnat = XT_DNAT_IS, .direction = XT_DIRECTION_ORIGINAL,
					  .port = port, .last = port };
	struct rule *rule = rule_new(FAMILY_IPV4);

	interface_set(&rule->in, "ens+");
	xt_conntrack_add(rule, &want);
	rule->verdict = VERDICT_RETURN;
	return (struct wanted_rule){ .rule = rule, .by_host = true };
}

static struct opening opening_of(const char *in, uint16_t first, uint16_t last, addr_t lo, addr_t hi)
{
	struct opening opening = { .family = FAMILY_IPV4, .proto = 6, .any_host = true };

	strncpy(opening.in, in, IFNAMSIZ - 1);
	addrset_add(&opening.ports, first, last);
	addrset_add(&opening.sources, lo, hi);
	return opening;
}

static void make(struct openings *openings, uint16_t port, struct guard_sets *sets,
		 struct host_rules *rules)
{
	struct wanted_rule wanted = wanted_for(port);

	host_rules_make(openings, &wanted, sets, rules);
	rule_free(wanted.rule);
}

static void test_closed(void **state)
{
	struct guard_sets sets = { 0 };
	struct host_rules rules = { 0 };

	(void)state;
	make(NULL, 0, &sets, &rules);
	assert_int_equal(rules.n, 2);
	assert_int_equal(rules.v[0]->verdict, VERDICT_ACCEPT);
	assert_int_equal(rules.v[0]->nmatches, 2);
	assert_true(rule_refuses(rules.v[1]));
	assert_int_equal(sets.n, 0);
	host_rules_clear(&rules);
}

static void test_open(void **state)
{
	struct openings openings = { 0 };
	struct guard_sets sets = { 0 };
	struct host_rules rules = { 0 };
	struct opening v[] = {
		opening_of("ens3", 80, 90, 0, addr_max(FAMILY_IPV4)),
		opening_of("ens4", 80, 80, 0x0a000000, 0x0a0000ff), /* a prefix */
		opening_of("ens5", 80, 80, 1, 2),                   /* none */
		opening_of("wg0", 80, 80, 1, 1),                    /* another interface */
		opening_of("ens3", 443, 443, 1, 1),                 /* another port */
	};

	(void)state;
	openings.v = v;
	openings.n = ARRAY_SIZE(v);
	make(&openings, 80, &sets, &rules);
	assert_int_equal(rules.n, 5);
	assert_string_equal(rules.v[1]->in.name, "ens3");
	assert_int_equal(rules.v[1]->src.mask[0], 0);
	assert_int_equal(rules.v[2]->src.mask[2], 0xff);
	assert_int_equal(rules.v[2]->src.mask[3], 0);
	assert_int_equal(rules.v[3]->nmatches, 2);
	assert_true(guard_match_is(&rules.v[3]->matches[1]));
	assert_int_equal(sets.n, 1);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		addrset_clear(&v[i].ports);
		addrset_clear(&v[i].sources);
	}
	host_rules_clear(&rules);
	guard_sets_clear(&sets);
}

/* Before open connections pass. */
static void test_relayed(void **state)
{
	struct guard_sets sets = { 0 };
	struct host_rules rules = { 0 };
	struct opening v[] = {
		opening_of("ens3", 80, 80, 0, addr_max(FAMILY_IPV4)),
		opening_of("ens4", 80, 80, 0x0a000000, 0x0a0000ff),
	};
	struct openings openings = { .v = v, .n = ARRAY_SIZE(v) };

	(void)state;
	v[1].kind = OPENING_RELAYED;
	make(&openings, 80, &sets, &rules);
	assert_int_equal(rules.n, 4);
	assert_string_equal(rules.v[0]->in.name, "ens4");
	assert_true(rule_refuses(rules.v[0]));
	assert_int_equal(rules.v[0]->nmatches, 1);
	assert_int_equal(rules.v[0]->src.mask[2], 0xff);
	assert_int_equal(rules.v[1]->verdict, VERDICT_ACCEPT);
	assert_int_equal(rules.v[1]->nmatches, 2);
	assert_string_equal(rules.v[2]->in.name, "ens3");
	assert_int_equal(rules.v[2]->verdict, VERDICT_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		addrset_clear(&v[i].ports);
		addrset_clear(&v[i].sources);
	}
	host_rules_clear(&rules);
	guard_sets_clear(&sets);
}

/* Whom a ban keeps out of open connections comes before these, and is about no new ones. */
static void test_cut(void **state)
{
	struct guard_sets sets = { 0 };
	struct host_rules rules = { 0 };
	struct opening v[] = {
		opening_of("ens3", 80, 80, 0x0a000000, 0x0a0000ff),
		opening_of("ens3", 80, 80, 0x0a000000, 0x0a0000ff),
	};
	struct openings openings = { .v = v, .n = ARRAY_SIZE(v) };
	unsigned int states = 0;
	bool except = false;

	(void)state;
	v[1].kind = OPENING_CUT;
	make(&openings, 80, &sets, &rules);
	assert_int_equal(rules.n, 4);
	assert_true(rule_refuses(rules.v[0]));
	assert_int_equal(rules.v[0]->nmatches, 2);
	assert_true(xt_match_states(&rules.v[0]->matches[0], &states, &except));
	assert_int_equal(states, XT_CONNTRACK_STATE_BIT(IP_CT_NEW));
	assert_true(except);
	assert_int_equal(rules.v[1]->verdict, VERDICT_ACCEPT);
	assert_int_equal(rules.v[2]->verdict, VERDICT_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		addrset_clear(&v[i].ports);
		addrset_clear(&v[i].sources);
	}
	host_rules_clear(&rules);
	guard_sets_clear(&sets);
}

/* A name stands for what is in the set. */
static void test_names(void **state)
{
	struct guard_sets sets = { 0 };
	struct addrset one = { 0 }, two = { 0 };
	const struct guard_set *first, *again, *other;

	(void)state;
	addrset_add(&one, 1, 2);
	addrset_add(&two, 1, 3);
	first = guard_sets_keep(&sets, FAMILY_IPV4, GUARD_FROM, &one);
	again = guard_sets_keep(&sets, FAMILY_IPV4, GUARD_FROM, &one);
	other = guard_sets_keep(&sets, FAMILY_IPV4, GUARD_FROM, &two);
	assert_ptr_equal(first, again);
	assert_string_not_equal(first->name, other->name);
	assert_string_not_equal(first->name,
				guard_sets_keep(&sets, FAMILY_IPV4, GUARD_TO, &one)->name);
	assert_int_equal(sets.n, 3);
	addrset_clear(&one);
	addrset_clear(&two);
	guard_sets_clear(&sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_relayed),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
