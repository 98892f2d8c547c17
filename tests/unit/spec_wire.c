/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec_wire.h"

static struct rule *sample(void)
{
	struct rule *rule = rule_new(FAMILY_IPV4);
	const uint8_t data[24] = "0123456789abcdefghijklm";

	rule->invert = INV_SRC | INV_FRAG;
	memcpy(rule->src.addr, "\xc0\x00\x02\x01", 4);
	memset(rule->src.mask, 0xff, 4);
	assert_true(interface_set(&rule->in, "eth+"));
	assert_true(interface_set(&rule->out, "abcdefghijklmno"));
	rule->proto = 6;
	rule->frag = true;
	rule->packets = 5;
	rule->bytes = UINT64_MAX;
	rule_add_match(rule, "one", 1, data, 24)->usersize = 8;
	rule_add_match(rule, "two", 0, data, 0);
	rule_set_target(rule, "TARGET", 3, data, 16);
	rule->target.usersize = 16;
	return rule;
}

static void comes_back_equal(void **state)
{
	struct bytes bytes = { 0 };
	struct record record;
	struct rule *rule = sample(), *back;

	(void)state;
	record_put_rule(&bytes, 7, rule);
	record_put(&bytes, RECORD_REFUSED, 8, "why", 3);
	assert_true(record_get(&bytes, &record) > 0);
	assert_int_equal(record.kind, RECORD_RULE);
	assert_int_equal(record.index, 7);
	back = record_rule(&record, FAMILY_IPV4);
	assert_non_null(back);
	assert_true(rule_equal(rule, back));
	assert_int_equal(back->bytes, UINT64_MAX);
	assert_int_equal(back->matches[0].usersize, 8);
	assert_int_equal(back->matches[1].size, 0);
	assert_string_equal(back->out.name, "abcdefghijklmno");
	bytes_drop(&bytes, (size_t)record_get(&bytes, &record));
	assert_true(record_get(&bytes, &record) > 0);
	assert_int_equal(record.kind, RECORD_REFUSED);
	assert_memory_equal(record.payload, "why", 3);
	rule_free(rule);
	rule_free(back);
	free(bytes.v);
}

static void jumps_come_back(void **state)
{
	struct bytes bytes = { 0 };
	struct record record;
	struct rule *rule = rule_new(FAMILY_IPV6), *back;

	(void)state;
	rule_set_chain(rule, VERDICT_GOTO, "abcdefghijklmnopqrstuvwxyz12");
	record_put_rule(&bytes, 0, rule);
	assert_true(record_get(&bytes, &record) > 0);
	back = record_rule(&record, FAMILY_IPV6);
	assert_non_null(back);
	assert_true(rule_equal(rule, back));
	rule_free(rule);
	rule_free(back);
	free(bytes.v);
}

static void waits_for_the_rest(void **state)
{
	struct bytes bytes = { 0 };
	struct rule *rule = sample();
	struct record record;
	size_t size;

	(void)state;
	record_put_rule(&bytes, 0, rule);
	size = bytes.n;
	for (bytes.n = 0; bytes.n < size; bytes.n++)
		assert_int_equal(record_get(&bytes, &record), 0);
	assert_int_equal(record_get(&bytes, &record), size);
	rule_free(rule);
	free(bytes.v);
}

/* A payload of any other length than its correct one is refused. */
static void refuses_cut_rules(void **state)
{
	struct bytes bytes = { 0 };
	struct rule *rule = sample();
	struct record record;
	size_t size;

	(void)state;
	record_put_rule(&bytes, 0, rule);
	assert_true(record_get(&bytes, &record) > 0);
	size = record.size;
	for (record.size = 0; record.size < size; record.size++)
		assert_null(record_rule(&record, FAMILY_IPV4));
	rule_free(rule);
	free(bytes.v);
}

/* Whatever a byte becomes, a record that is accepted is a usable rule. */
static void survives_damage(void **state)
{
	struct bytes bytes = { 0 };
	struct rule *rule = sample(), *back;
	struct record record;

	(void)state;
	record_put_rule(&bytes, 0, rule);
	for (size_t i = 0; i < bytes.n; i++) {
		uint8_t was = bytes.v[i];

		for (unsigned int bit = 0; bit < 8; bit++) {
			bytes.v[i] = was ^ (uint8_t)(1 << bit);
			if (record_get(&bytes, &record) <= 0 || record.kind != RECORD_RULE)
				continue;
			back = record_rule(&record, FAMILY_IPV4);
			if (back)
				rule_free(rule_copy(back));
			rule_free(back);
		}
		bytes.v[i] = was;
	}
	rule_free(rule);
	free(bytes.v);
}

static void refuses_what_is_no_record(void **state)
{
	struct bytes bytes = { 0 };
	struct record record;

	(void)state;
	record_put(&bytes, RECORD_KINDS, 0, NULL, 0);
	assert_int_equal(record_get(&bytes, &record), -1);
	free(bytes.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_equal),
		cmocka_unit_test(jumps_come_back),
		cmocka_unit_test(waits_for_the_rest),
		cmocka_unit_test(refuses_cut_rules),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_what_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
