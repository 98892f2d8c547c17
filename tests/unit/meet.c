/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two rules, written as for iptables, can match one packet, and what they imply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deadline.h"
#include "meet.h"
#include "rulespec.h"
#include "util.h"

static struct rule *parsed(enum family family, const char *text)
{
	struct strings chains = { 0 };
	struct spec spec = { 0 };
	struct rule *rule;

	assert_int_equal(rulespec_parse(family, &text, 1, &chains, &spec), 0);
	if (spec.error)
		fail_msg("%s: %s", text, spec.error);
	rule = rule_copy(spec.rules[0]);
	spec_clear(&spec);
	return rule;
}

#define TO "-m conntrack --ctstate DNAT --ctorigdstport "

static const struct {
	enum family family;
	const char *a, *b;
	bool meet;
} pairs[] = {
	{ FAMILY_IPV4, "", "", true },
	{ FAMILY_IPV4, "-i ens3", "-i virbr0", false },
	{ FAMILY_IPV4, "-i ens3", "-o virbr0", true },
	{ FAMILY_IPV4, "-i ens+", "-i ens3", true },
	{ FAMILY_IPV4, "-i ens+", "-i en+", true },
	{ FAMILY_IPV4, "-i ens+", "-i enp+", false },
	{ FAMILY_IPV4, "-i ens3", "-i ens33", false },
	{ FAMILY_IPV4, "! -i ens3", "-i ens3", false },
	{ FAMILY_IPV4, "! -i ens3", "-i ens+", true },
	{ FAMILY_IPV4, "! -i ens+", "-i ens3", false },
	{ FAMILY_IPV4, "! -i ens3", "! -i ens4", true },
	{ FAMILY_IPV4, "! -o docker0", "-o docker0", false },
	{ FAMILY_IPV4, "-p tcp", "-p udp", false },
	{ FAMILY_IPV4, "! -p tcp", "-p udp", true },
	{ FAMILY_IPV4, "! -p tcp", "-p tcp", false },
	{ FAMILY_IPV4, "! -p tcp", "! -p tcp", true },
	{ FAMILY_IPV4, "-p tcp", "", true },
	{ FAMILY_IPV4, "-s 192.0.2.0/24", "-s 192.0.2.7", true },
	{ FAMILY_IPV4, "-s 192.0.2.0/24", "-s 192.0.3.7", false },
	{ FAMILY_IPV4, "! -s 192.0.2.0/24", "-s 192.0.2.7", false },
	{ FAMILY_IPV4, "! -s 192.0.2.7", "-s 192.0.2.0/24", true },
	{ FAMILY_IPV4, "-d 192.0.2.7", "-s 192.0.2.8", true },
	{ FAMILY_IPV4, "-d 192.0.2.7", "-d 192.0.2.8", false },
	{ FAMILY_IPV4, "-s 0.0.0.1/0.0.0.1", "-s 192.0.2.0/24", true },
	{ FAMILY_IPV4, "-s 0.0.0.1/0.0.0.1", "-s 192.0.2.2", false },
	{ FAMILY_IPV6, "-s 2001:db8::/32", "-s 2001:db8:1::1", true },
	{ FAMILY_IPV6, "-s 2001:db8::/32", "-s 2001:db9::1", false },
	{ FAMILY_IPV4, "-p tcp --dport 80", "-p tcp --dport 81", false },
	{ FAMILY_IPV4, "-p tcp --dport 80:90", "-p tcp --dport 85", true },
	{ FAMILY_IPV4, "-p tcp ! --dport 80:90", "-p tcp --dport 85", false },
	{ FAMILY_IPV4, "-p tcp ! --dport 80", "-p tcp --dport 80:81", true },
	{ FAMILY_IPV4, "-p tcp ! --dport 80", "-p tcp ! --dport 81", true },
	{ FAMILY_IPV4, "-p udp --sport 53", "-p udp --sport 54", false },
	{ FAMILY_IPV4, "-p tcp --dport 80", "-p tcp -m multiport --dports 81,82", true },
	{ FAMILY_IPV4, "-m conntrack --ctstate ESTABLISHED", "-m conntrack --ctstate NEW", false },
	{ FAMILY_IPV4, "-m conntrack --ctstate ESTABLISHED", "-m state --state NEW", false },
	{ FAMILY_IPV4, "-m conntrack --ctstate ESTABLISHED", "-m conntrack ! --ctstate NEW", true },
	{ FAMILY_IPV4, "-m conntrack --ctstate ESTABLISHED", "-m conntrack --ctstate DNAT", true },
	{ FAMILY_IPV4, "-m conntrack --ctstate INVALID", "-m conntrack --ctstate DNAT", false },
	{ FAMILY_IPV4, "-m conntrack --ctstate DNAT", "-m conntrack ! --ctstate DNAT", false },
	{ FAMILY_IPV4, TO "80", TO "81", false },
	{ FAMILY_IPV4, TO "80", TO "80:90", true },
	{ FAMILY_IPV4, TO "80", "-m conntrack ! --ctorigdstport 80", false },
	{ FAMILY_IPV4, TO "80 --ctdir ORIGINAL", TO "80 --ctdir REPLY", false },
	{ FAMILY_IPV4, TO "80", "-m conntrack --ctorigdst 192.0.2.7", true },
	{ FAMILY_IPV4, "-m conntrack --ctorigdst 192.0.2.0/24", "-m conntrack --ctorigdst 192.0.3.7", false },
	/* A packet without a connection is invalid, whatever else is in the match. */
	{ FAMILY_IPV4, "-m conntrack ! --ctstate DNAT --ctorigdstport 80",
	  "-m conntrack ! --ctstate DNAT --ctorigdstport 81", true },
	{ FAMILY_IPV4, "-m mark --mark 1", "-m mark --mark 2", true },
};

static void test_meet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct rule *a = parsed(pairs[i].family, pairs[i].a);
		struct rule *b = parsed(pairs[i].family, pairs[i].b);

		if (rules_can_meet(a, b) != pairs[i].meet || rules_can_meet(b, a) != pairs[i].meet)
			fail_msg("'%s' and '%s'", pairs[i].a, pairs[i].b);
		a->opaque = xstrdup("a test");
		assert_true(rules_can_meet(a, b) && rules_can_meet(b, a));
		rule_free(a);
		rule_free(b);
	}
}

static const struct {
	const char *a, *b, *c;
	bool imply;
} implied[] = {
	{ "", "", "", true },
	{ "-i ens3", "", "-i ens+", true },
	{ "-i ens+", "", "-i ens3", false },
	{ "-i ens3", "-s 192.0.2.7", "-i ens3 -s 192.0.2.0/24", true },
	{ "-s 192.0.2.7", "", "! -s 192.0.2.8", true },
	{ "-s 192.0.2.0/24", "", "! -s 192.0.2.8", false },
	{ "! -s 192.0.2.0/24", "", "! -s 192.0.2.8", true },
	{ "! -s 192.0.2.8", "", "! -s 192.0.2.0/24", false },
	{ "-p tcp", "", "! -p udp", false },
	{ "-p tcp --dport 80", "-i ens3", "-p tcp --dport 80 -i ens3 -m comment --comment x", true },
	{ "-p tcp", "-i ens3", "-p tcp --dport 80", false },
};

static void test_imply(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(implied); i++) {
		struct rule *a = parsed(FAMILY_IPV4, implied[i].a);
		struct rule *b = parsed(FAMILY_IPV4, implied[i].b);
		struct rule *c = parsed(FAMILY_IPV4, implied[i].c);

		if (rules_imply(a, b, c) != implied[i].imply || rules_imply(b, a, c) != implied[i].imply)
			fail_msg("'%s' and '%s' to '%s'", implied[i].a, implied[i].b, implied[i].c);
		rule_free(a);
		rule_free(b);
		rule_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_meet), cmocka_unit_test(test_imply) };

	deadline_start(600);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
