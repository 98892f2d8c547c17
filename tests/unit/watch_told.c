/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watch reports as wrong: whatever differs from its last report, but not too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "patience.h"
#include "watch_told.h"

static void add(struct findings *findings, enum finding_id id, enum severity severity, const char *chain,
		const char *message)
{
	findings_add_at(findings, id, severity, FAMILY_IPV4, chain, 0, xstrdup(message));
}

static void test_differs(void **state)
{
	struct watch_told told = { 0 };
	struct findings before = { 0 }, more = { 0 }, other = { 0 }, turned = { 0 }, facts = { 0 };

	(void)state;
	add(&before, INTERFACE_MISSING, SEVERITY_WARNING, NULL, "ens9");
	assert_true(watch_told_differs(&told, &before));
	watch_told_note(&told, &before, 1);
	assert_false(watch_told_differs(&told, &before));
	add(&more, RULE_MISSING, SEVERITY_CRITICAL, "DOCKER-USER", "rule 1");
	add(&more, INTERFACE_MISSING, SEVERITY_WARNING, NULL, "ens9");
	assert_true(watch_told_differs(&told, &more));
	watch_told_note(&told, &more, 2);
	assert_true(watch_told_differs(&told, &before));
	/* The order, and facts, are not news. */
	add(&turned, INTERFACE_MISSING, SEVERITY_WARNING, NULL, "ens9");
	add(&turned, RULE_STALE, SEVERITY_OK, "INPUT", "rule 7");
	add(&turned, RULE_MISSING, SEVERITY_CRITICAL, "DOCKER-USER", "rule 1");
	assert_false(watch_told_differs(&told, &turned));
	/* The same kind, of something else. */
	add(&other, INTERFACE_MISSING, SEVERITY_WARNING, NULL, "ens8");
	add(&other, RULE_MISSING, SEVERITY_CRITICAL, "DOCKER-USER", "rule 1");
	assert_true(watch_told_differs(&told, &other));
	add(&facts, RULE_STALE, SEVERITY_OK, "INPUT", "rule 7");
	watch_told_forget(&told);
	assert_false(watch_told_differs(&told, &facts));
	assert_true(watch_told_differs(&told, &other));
	watch_told_forget(&told);
	findings_clear(&before);
	findings_clear(&more);
	findings_clear(&other);
	findings_clear(&turned);
	findings_clear(&facts);
}

/* Reports of what turns each second for so many seconds, after the last of which all is quiet. */
static unsigned int reports(struct watch_told *told, uint64_t *now, unsigned int seconds)
{
	struct findings findings = { 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < seconds; i++, *now += 1000) {
		findings_clear(&findings);
		add(&findings, INTERFACE_MISSING, SEVERITY_WARNING, NULL, i % 2 ? "ens8" : "ens9");
		if (!watch_told_differs(told, &findings) || *now < watch_told_next(told))
			continue;
		watch_told_note(told, &findings, *now);
		n++;
	}
	/* Nothing stays unreported. */
	if (watch_told_differs(told, &findings))
		assert_true(watch_told_next(told) <= *now + WATCH_PAUSE_MAX_MS);
	findings_clear(&findings);
	return n;
}

static void test_pace(void **state)
{
	struct watch_told told = { 0 };
	uint64_t now = 1000;

	(void)state;
	assert_int_equal(reports(&told, &now, WATCH_ROUNDS), WATCH_ROUNDS);
	/* An hour of it: one in a minute, and the few before. */
	assert_in_range(reports(&told, &now, 3600), 50, 70);
	/* After some quiet it is news again, but for a first one that was reported last. */
	now += 2ULL * WATCH_TOLD_MS;
	assert_in_range(reports(&told, &now, WATCH_ROUNDS), WATCH_ROUNDS - 1, WATCH_ROUNDS);
	/* After "right", what is wrong is reported whenever it is. */
	reports(&told, &now, 60);
	watch_told_forget(&told);
	assert_int_equal(watch_told_next(&told), 0);
	watch_told_forget(&told);
}

/* What a writer causes is reported in any case, and is no reason for a pause. */
static void test_writers(void **state)
{
	struct watch_told told = { 0 };
	struct findings findings = { 0 };

	(void)state;
	add(&findings, INTERFACE_MISSING, SEVERITY_WARNING, NULL, "ens9");
	for (unsigned int i = 0; i < 100; i++)
		watch_told_note(&told, &findings, 0);
	assert_int_equal(watch_told_next(&told), 0);
	assert_false(watch_told_differs(&told, &findings));
	watch_told_forget(&told);
	findings_clear(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
