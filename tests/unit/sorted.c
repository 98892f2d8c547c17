/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary search, the longest increasing subsequence, and growing texts, against plain code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sorted.h"
#include "text.h"
#include "util.h"

static int order(const void *element, const void *key)
{
	int a = *(const int *)element, b = *(const int *)key;

	return a < b ? -1 : a > b;
}

static void test_first(void **state)
{
	static const int sorted[] = { 1, 3, 3, 3, 7 };
	static const size_t first[] = { 0, 0, 1, 1, 4, 4, 4, 4, 5 };

	(void)state;
	for (int key = 0; key < 9; key++)
		assert_int_equal(sorted_first(&key, sorted, 5, sizeof(*sorted), order), first[key]);
	assert_int_equal(sorted_first(&sorted[0], NULL, 0, sizeof(*sorted), order), 0);
}

/* By trying every pair: the length of the longest strictly increasing subsequence. */
static size_t longest(const size_t *values, size_t n)
{
	size_t best[64], most = 0;

	for (size_t i = 0; i < n; i++) {
		best[i] = 1;
		for (size_t k = 0; k < i; k++)
			if (values[k] < values[i] && best[k] + 1 > best[i])
				best[i] = best[k] + 1;
		if (best[i] > most)
			most = best[i];
	}
	return most;
}

static void test_rising(void **state)
{
	(void)state;
	srand(1);
	for (int run = 0; run < 2000; run++) {
		size_t values[64], n = (size_t)(rand() % 64), length = 0, tag = n, value = SIZE_MAX;
		struct rising rising = { 0 };

		for (size_t i = 0; i < n; i++) {
			values[i] = (size_t)(rand() % 40);
			rising_add(&rising, i, values[i]);
		}
		for (const struct rising_pair *pair = rising_last(&rising); pair;
		     pair = rising_before(&rising, pair)) {
			assert_true(pair->tag < tag && pair->value < value);
			assert_int_equal(pair->value, values[pair->tag]);
			tag = pair->tag;
			value = pair->value;
			length++;
		}
		assert_int_equal(length, longest(values, n));
		rising_clear(&rising);
	}
}

static void test_equal_values(void **state)
{
	struct rising rising = { 0 };

	(void)state;
	rising_add(&rising, 4, 9);
	rising_add(&rising, 5, 9);
	assert_int_equal(rising_last(&rising)->tag, 4);
	rising_clear(&rising);
	assert_null(rising_last(&rising));
}

static void test_text(void **state)
{
	struct text text;
	char *v;

	(void)state;
	text_open(&text);
	v = text_take(&text);
	assert_string_equal(v, "");
	free(v);
	text_open(&text);
	for (int i = 0; i < 3; i++)
		fprintf(text.out, "%d,", i);
	v = text_take(&text);
	assert_string_equal(v, "0,1,2,");
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_rising),
		cmocka_unit_test(test_equal_values),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
