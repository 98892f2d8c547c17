/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which repairs of a watch count as undone by another program, and how long the next one waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patience.h"
#include "util.h"
#include "watch_undone.h"

/* A repair that puts one rule for this interface into a chain. */
static void repair(struct watch_undone *undone, uint64_t now, const char *chain, const char *in)
{
	struct rule *rule = rule_new(FAMILY_IPV4);
	struct edits edits = { 0 };

	strncpy(rule->in.name, in, sizeof(rule->in.name) - 1);
	memset(rule->in.mask, 0xff, strlen(in) + 1);
	edits_rule(&edits, EDIT_INSERT, FAMILY_IPV4, "filter", chain, 1, rule);
	watch_undone_note(undone, &edits, now);
	edits_clear(&edits);
	rule_free(rule);
}

static void test_same(void **state)
{
	struct watch_undone undone = { 0 };
	uint64_t now = 1000;

	(void)state;
	for (unsigned int i = 0; i <= WATCH_ROUNDS; i++, now += 500)
		repair(&undone, now, "FORWARD", "ens3");
	assert_int_equal(undone.rounds, WATCH_ROUNDS);
	assert_int_equal(watch_undone_next(&undone), undone.at_ms + WATCH_PAUSE_MS);
	/* Again after the pause. */
	now = watch_undone_next(&undone) + 100;
	repair(&undone, now, "FORWARD", "ens3");
	assert_int_equal(watch_undone_next(&undone), now + 2 * WATCH_PAUSE_MS);
	/* After a while it is a new fault. */
	now = watch_undone_next(&undone) + WATCH_UNDONE_MS + 1;
	repair(&undone, now, "FORWARD", "ens3");
	assert_int_equal(watch_undone_next(&undone), now);
	watch_undone_clear(&undone);
}

/* dockerd that starts containers: each needs another rule. */
static void test_other(void **state)
{
	struct watch_undone undone = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 4 * WATCH_ROUNDS; i++) {
		char *name = xasprintf("br-%u", i);

		repair(&undone, 1000 + i * 100, "FORWARD", name);
		assert_int_equal(undone.rounds, 0);
		free(name);
	}
	/* The same rule in another chain is another edit. */
	repair(&undone, 4000, "FORWARD", "ens3");
	repair(&undone, 4100, "DOCKER-USER", "ens3");
	assert_int_equal(undone.rounds, 0);
	watch_undone_clear(&undone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
