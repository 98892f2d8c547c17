/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which findings a report shows: ignored ids, and families without Docker. */
#include "model.h"

#include "report_findings.h"

static void add(struct findings *findings, enum finding_id id, enum severity severity,
		enum family family, bool absent)
{
	findings_add_at(findings, id, severity, family, "DOCKER-USER", 0,
			xasprintf("about %s", finding_name(id)))->absent = absent;
}

/* The ids, in order, ended by FINDING_COUNT. Returns how many others were ignored. */
static size_t shows(struct findings *findings, const struct policy *policy,
		  const enum finding_id *ids)
{
	struct findings ignored = { 0 };
	size_t n = 0, all;

	report_findings(findings, policy, &ignored);
	all = findings->n + ignored.n;
	for (size_t i = 0; i < ignored.n; i++)
		assert_true(strings_has(&policy->ignore, finding_name(ignored.v[i].id)));
	findings_clear(&ignored);
	while (ids[n] != FINDING_COUNT)
		n++;
	assert_int_equal(findings->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(findings->v[i].id, ids[i]);
	return all - n;
}

static void test_ignored_ids_are_left_out(void **state)
{
	const enum finding_id ids[] = { RULE_STALE, BACKEND_SPLIT, FINDING_COUNT };
	struct policy *policy = policy_new();
	struct findings findings = { 0 };

	(void)state;
	strings_add(&policy->ignore, "rule-missing");
	add(&findings, RULE_MISSING, SEVERITY_CRITICAL, FAMILY_IPV4, false);
	add(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV4, false);
	add(&findings, RULE_MISSING, SEVERITY_CRITICAL, FAMILY_IPV6, false);
	add(&findings, BACKEND_SPLIT, SEVERITY_WARNING, FAMILY_IPV6, false);
	assert_int_equal(shows(&findings, policy, ids), 2);
	assert_int_equal(findings_severity(&findings), SEVERITY_WARNING);
	findings_clear(&findings);
	policy_free(policy);
}

/* Without Docker, one finding stands for those of a family that has a critical one. */
static void test_absent_stands_for_all(void **state)
{
	const enum finding_id ids[] = { DOCKER_ABSENT, RULE_STALE, FINDING_COUNT };
	struct policy *policy = policy_new();
	struct findings findings = { 0 };

	(void)state;
	add(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV4, true);
	add(&findings, USER_JUMP_MISSING, SEVERITY_CRITICAL, FAMILY_IPV4, true);
	add(&findings, RULE_MISSING, SEVERITY_CRITICAL, FAMILY_IPV4, true);
	add(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV6, true);
	assert_int_equal(shows(&findings, policy, ids), 0);
	assert_int_equal(findings.v[0].severity, SEVERITY_UNKNOWN);
	assert_true(findings.v[0].repairable);
	assert_non_null(strstr(findings.v[0].message, "about user-jump-missing"));
	findings_clear(&findings);
	policy_free(policy);
}

static void test_absent_needs_one_that_counts(void **state)
{
	const enum finding_id ids[] = { RULE_STALE, FINDING_COUNT };
	const enum finding_id none[] = { FINDING_COUNT };
	struct policy *policy = policy_new();
	struct findings findings = { 0 };

	(void)state;
	strings_add(&policy->ignore, "rule-missing");
	add(&findings, RULE_MISSING, SEVERITY_CRITICAL, FAMILY_IPV4, true);
	add(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV4, true);
	assert_int_equal(shows(&findings, policy, ids), 1);
	findings_clear(&findings);
	strings_add(&policy->ignore, "docker-absent");
	add(&findings, USER_JUMP_MISSING, SEVERITY_CRITICAL, FAMILY_IPV4, true);
	add(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV4, true);
	/* docker-absent itself, in the place of both. */
	assert_int_equal(shows(&findings, policy, none), 1);
	findings_clear(&findings);
	policy_free(policy);
}

static struct finding *add_words(struct findings *findings, enum finding_id id, const char *words)
{
	return findings_add_at(findings, id, SEVERITY_CRITICAL, FAMILY_IPV4, "DOCKER-USER", 0,
			       xstrdup(words));
}

static void test_what_is_left_is_not_mended(void **state)
{
	struct findings seen = { 0 }, left = { 0 };

	(void)state;
	add_words(&seen, RULE_MISSING, "one");
	add_words(&seen, RULE_MISSING, "two");
	add_words(&seen, RULE_BYPASSED, "by rule 1")->repairable = false;
	add(&seen, DOCKER_CHAINS_MISSING, SEVERITY_CRITICAL, FAMILY_IPV6, false);
	add_words(&left, RULE_MISSING, "two");
	add_words(&left, RULE_BYPASSED, "by rule 3")->repairable = false;
	report_mended(&seen, &left);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.v[0].message, "one");
	assert_int_equal(seen.v[1].id, DOCKER_CHAINS_MISSING);
	findings_clear(&seen);
	findings_clear(&left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ignored_ids_are_left_out),
		cmocka_unit_test(test_absent_stands_for_all),
		cmocka_unit_test(test_absent_needs_one_that_counts),
		cmocka_unit_test(test_what_is_left_is_not_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
