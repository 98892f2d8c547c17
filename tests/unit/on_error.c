/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What on-error = "close" puts in the place of a rule that is refused. */
#include "model.h"

#include "docker_chains.h"
#include "on_error.h"
#include "refused.h"

#define CLOSING "m:conntrack -j DROP"

static struct policy *close_policy(void)
{
	struct policy *policy = policy_new();

	policy->families = 1U << FAMILY_IPV4;
	wanted_rules_add(&policy->closing[FAMILY_IPV4], model_rule(FAMILY_IPV4, CLOSING), "closing",
			 "", 0);
	return policy;
}

/* Compares DOCKER-USER's rules that are not refused with texts, which end with NULL. */
static void expect(const struct policy *policy, const char *const *texts)
{
	const struct wanted_rules *rules = &policy->chains[0]->rules[FAMILY_IPV4];

	for (size_t i = 0; i < rules->n; i++) {
		struct rule *rule;

		if (rules->v[i].refused)
			continue;
		assert_non_null(*texts);
		rule = model_rule(FAMILY_IPV4, *texts++);
		assert_true(rule_equal(rules->v[i].rule, rule));
		rule_free(rule);
	}
	assert_null(*texts);
}

static bool mark(struct policy *policy, const char *text)
{
	struct rule *rule = model_rule(FAMILY_IPV4, text);
	bool marked = refused_mark(policy, FAMILY_IPV4, DOCKER_USER, rule, "why");

	rule_free(rule);
	return marked;
}

static void test_the_place_and_the_interface(void **state)
{
	static const char *const own[] = { "-s 10.0.0.1 -j RETURN", "-i ens3 " CLOSING,
					   "-s 10.0.0.3 -j RETURN", NULL };
	static const char *const outside[] = { "-s 10.0.0.1 -j RETURN", "-i eth0 " CLOSING,
					       "-i eth1 " CLOSING, "-s 10.0.0.3 -j RETURN", NULL };
	static const char *const any[] = { "-s 10.0.0.1 -j RETURN", CLOSING,
					   "-s 10.0.0.3 -j RETURN", NULL };
	static const char *const none[] = { "-s 10.0.0.1 -j RETURN", "-s 10.0.0.3 -j RETURN", NULL };
	static const struct {
		const char *rule;
		bool leave_out, outside;
		const char *const *rules;
	} cases[] = {
		{ "-i ens3 -s 10.0.0.2 -j DROP", false, true, own },
		{ "-s 10.0.0.2 -j DROP", false, true, outside },
		{ "-s 10.0.0.2 -j DROP", false, false, any },
		{ "-s 10.0.0.2 -j DROP", true, false, none },
		{ "-s 10.0.0.2 -j BAD", false, false, any },
		{ "-s 10.0.0.2 -j GOOD", false, false, none },
		{ "-s 10.0.0.2 -j RETURN", false, false, none },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy *policy = close_policy();

		model_want(policy, DOCKER_USER, "-s 10.0.0.1 -j RETURN");
		model_want(policy, DOCKER_USER, cases[i].rule);
		model_want(policy, DOCKER_USER, "-s 10.0.0.3 -j RETURN");
		model_want(policy, "BAD", "-p 6 -j GOOD");
		model_want(policy, "BAD", "-p 6 -j DROP");
		model_want(policy, "GOOD", "-j ACCEPT");
		if (cases[i].outside) {
			strings_add(&policy->outside, "eth0");
			strings_add(&policy->outside, "eth1");
		}
		if (cases[i].leave_out)
			wanted_rules_clear(&policy->closing[FAMILY_IPV4]);
		assert_true(mark(policy, cases[i].rule));
		assert_false(mark(policy, cases[i].rule));
		expect(policy, cases[i].rules);
		policy_free(policy);
	}
}

/* One replacement is enough for several rules, and none replaces itself. */
static void test_no_replacement_twice(void **state)
{
	static const char *const once[] = { "-i ens3 " CLOSING, NULL };
	static const char *const nothing[] = { NULL };
	struct policy *policy = close_policy();
	struct findings findings = { 0 };

	(void)state;
	model_want(policy, DOCKER_USER, "-i ens3 -s 10.0.0.2 -j DROP");
	model_want(policy, DOCKER_USER, "-i ens3 -s 10.0.0.3 -j DROP");
	assert_true(mark(policy, "-i ens3 -s 10.0.0.2 -j DROP"));
	assert_true(mark(policy, "-i ens3 -s 10.0.0.3 -j DROP"));
	expect(policy, once);
	assert_true(mark(policy, "-i ens3 " CLOSING));
	expect(policy, nothing);
	check_refused(policy, ~0U, &findings);
	assert_int_equal(findings_count(&findings, RULE_REFUSED, FAMILY_IPV4), 3);
	findings_clear(&findings);
	policy_free(policy);
}

/* A section refuses its own ports in another way; the guard's chain input needs that. */
static void test_a_section(void **state)
{
	static const char *const drops[] = { "-i ens3 -p 6 m:conntrack -j DROP", NULL };
	static const char reject[] = "-i ens3 -p 6 m:conntrack ext:REJECT";
	struct policy *policy = close_policy();

	(void)state;
	model_want(policy, DOCKER_USER, reject);
	policy->chains[0]->rules[FAMILY_IPV4].v[0].section = 1;
	assert_true(mark(policy, reject));
	expect(policy, drops);
	assert_int_equal(policy->chains[0]->rules[FAMILY_IPV4].v[1].section, 1);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_place_and_the_interface),
		cmocka_unit_test(test_no_replacement_twice),
		cmocka_unit_test(test_a_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
