/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Equal findings, and open ports that fare alike, are one line that names the first few; a part
 * of a run whose time is over is no error.
 */
#include "model.h"

#include "deadline.h"
#include "diag.h"
#include "finding_lines.h"
#include "open_texts.h"

static const struct finding_place nowhere = { 0 };

static void add_missing(struct findings *findings, enum family family, unsigned int n)
{
	for (unsigned int i = 1; i <= n; i++)
		findings_add_at(findings, RULE_MISSING, SEVERITY_CRITICAL, family, "DOCKER-USER", 0,
				xasprintf("DOCKER-USER does not hold '-s 192.0.2.%u -j DROP' (a.conf:%u)", i, i));
}

static void folds_missing(void **state)
{
	struct findings findings = { 0 };
	struct finding_lines lines;
	struct policy *policy = policy_new();
	const struct finding_place place = { .policy = policy };

	(void)state;
	for (unsigned int i = 0; i < 9; i++)
		wanted_rules_add(&policy_chain(policy, "DOCKER-USER")->rules[FAMILY_IPV4],
				 rule_new(FAMILY_IPV4), "-j DROP", "a.conf", i);
	add_missing(&findings, FAMILY_IPV4, 7);
	add_missing(&findings, FAMILY_IPV6, 4);
	finding_lines_make(&lines, &findings, &place, true);
	assert_int_equal(lines.n, 5);
	assert_int_equal(lines.v[0].n, 7);
	assert_string_equal(lines.v[0].message,
			    "7 of 9 rules are missing from DOCKER-USER: '-s 192.0.2.1 -j DROP' (a.conf:1), "
			    "'-s 192.0.2.2 -j DROP' (a.conf:2), '-s 192.0.2.3 -j DROP' (a.conf:3) and 4 more");
	assert_string_equal(lines.v[4].message, findings.v[10].message);
	finding_lines_clear(&lines);
	finding_lines_make(&lines, &findings, &nowhere, true);
	assert_memory_equal(lines.v[0].message, "7 rules are missing from ", 25);
	finding_lines_clear(&lines);
	finding_lines_make(&lines, &findings, &place, false);
	assert_int_equal(lines.n, 11);
	finding_lines_clear(&lines);
	findings_clear(&findings);
	policy_free(policy);
}

/* Only what is equal in every respect: here every other one cannot be repaired. */
static void folds_equal_ones(void **state)
{
	struct findings findings = { 0 };
	struct finding_lines lines;

	(void)state;
	for (unsigned int i = 1; i <= 12; i++)
		findings_add_at(&findings, RULE_STALE, SEVERITY_WARNING, FAMILY_IPV4, "DOCKER-USER", i,
				xasprintf("rule %u is old", i))->repairable = i % 2;
	finding_lines_make(&lines, &findings, &nowhere, true);
	assert_int_equal(lines.n, 2);
	assert_string_equal(lines.v[0].message,
			    "rule 1 is old; rule 3 is old; rule 5 is old; and 3 more findings like these");
	assert_string_equal(lines.v[1].message,
			    "rule 2 is old; rule 4 is old; rule 6 is old; and 3 more findings like these");
	finding_lines_clear(&lines);
	finding_lines_make(&lines, NULL, &nowhere, true);
	assert_int_equal(lines.n, 0);
	findings_clear(&findings);
}

static void add_open(struct open_ports *open, uint16_t port, bool maybe, size_t held, const char *source)
{
	struct open_port one = { .family = FAMILY_IPV4, .proto = 6, .port = { port, port },
				 .maybe = maybe, .rules = 2, .held = held,
				 .anyone = !source, .nsources = source != NULL };

	strings_add(&one.interfaces, "ens3");
	if (source)
		strings_add(&one.sources, source);
	GROW(open->v, open->n, open->room);
	open->v[open->n++] = one;
}

static void folds_open_ports(void **state)
{
	struct open_ports open = { .known = true, .ports = 20, .done = 20 };
	struct open_lines lines;
	char *rest;

	(void)state;
	for (uint16_t port = 1; port <= 10; port++)
		add_open(&open, port, false, 0, NULL);
	add_open(&open, 80, false, 1, "192.0.2.1");
	add_open(&open, 443, true, 2, NULL);
	open_lines_make(&lines, &open);
	assert_int_equal(lines.n, 3);
	assert_string_equal(lines.v[0].text, "ports 1/tcp, 2/tcp, 3/tcp, 4/tcp, 5/tcp, 6/tcp, 7/tcp, "
					     "8/tcp and 2 more are open to ANYONE on ens3");
	assert_string_equal(lines.v[0].why, "DOCKER-USER holds none of their rules");
	assert_string_equal(lines.v[1].text, "port 80/tcp is open to 192.0.2.1 on ens3");
	assert_string_equal(lines.v[1].why, "DOCKER-USER holds 1 of its 2 rules");
	assert_string_equal(lines.v[2].text, "port 443/tcp may be open to ANYONE on ens3");
	assert_null(lines.v[2].why);
	open_lines_clear(&lines);
	assert_int_equal(open_ports_count(&open, FAMILY_COUNT, false), 11);
	assert_int_equal(open_ports_count(&open, FAMILY_IPV6, false), 0);
	assert_null(open_rest(&open));
	open.cut = true;
	open.done = 12;
	rest = open_rest(&open);
	assert_non_null(strstr(rest, "only 12 of 20 were followed"));
	free(rest);
	open_ports_clear(&open);
	open_lines_make(&lines, NULL);
	assert_int_equal(lines.n, 0);
}

static void ends_a_slice(void **state)
{
	(void)state;
	deadline_start(100);
	deadline_slice(0);
	assert_int_equal(deadline_check(), -1);
	assert_null(diag_first_error());
	assert_true(deadline_slice_end());
	assert_int_equal(deadline_check(), 0);
	deadline_slice(1000000);
	assert_true(deadline_left() <= 50000);
	assert_int_equal(deadline_check(), 0);
	assert_false(deadline_slice_end());
	assert_true(deadline_left() > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_missing),
		cmocka_unit_test(folds_equal_ones),
		cmocka_unit_test(folds_open_ports),
		cmocka_unit_test(ends_a_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
