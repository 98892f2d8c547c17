/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec_words.h"

/* Splits text and compares the words, which are given separated by '|'. */
static void expect(const char *text, const char *expected)
{
	struct words words;
	char joined[512] = "";

	assert_null(words_split(text, &words));
	assert_string_equal(words.v[0], "iptables");
	assert_null(words.v[words.n]);
	for (int i = 1; i < words.n; i++) {
		strcat(joined, words.v[i]);
		strcat(joined, "|");
	}
	assert_string_equal(joined, expected);
	words_clear(&words);
}

static void expect_error(const char *text, const char *part)
{
	struct words words;
	char *error = words_split(text, &words);

	assert_non_null(error);
	if (!strstr(error, part))
		fail_msg("\"%s\" does not contain \"%s\"", error, part);
	assert_null(words.v);
	free(error);
}

static void splits_at_blanks(void **state)
{
	(void)state;
	expect("", "");
	expect(" \t\n ", "");
	expect("a", "a|");
	expect("  -i  eth0\t-j\nDROP ", "-i|eth0|-j|DROP|");
}

static void quotes_as_iptables_restore(void **state)
{
	(void)state;
	expect("--comment \"two words\" x", "--comment|two words|x|");
	expect("\"\"", "|");
	expect("a \"\" b", "a||b|");
	expect("\"a\\\"b\\\\c\"", "a\"b\\c|");
	/* Outside quotes a backslash is literal. */
	expect("a\\ b", "a\\|b|");
	expect("'a b'", "'a|b'|");
	/* A quote may open within a word; the word ends where the quote closes. */
	expect("a\"b c\"d", "ab c|d|");
	expect("\"a\"\"b\"", "a|b|");
}

static void takes_long_words(void **state)
{
	static char text[SPEC_TEXT_MAX + 2];
	struct words words;

	(void)state;
	memset(text, 'x', SPEC_TEXT_MAX);
	assert_null(words_split(text, &words));
	assert_int_equal(words.n, 2);
	assert_int_equal(strlen(words.v[1]), SPEC_TEXT_MAX);
	words_clear(&words);
	text[SPEC_TEXT_MAX] = 'x';
	expect_error(text, "65537 bytes");
}

static void takes_many_words(void **state)
{
	static char text[SPEC_TEXT_MAX + 1];
	struct words words;

	(void)state;
	for (size_t i = 0; i < SPEC_TEXT_MAX; i++)
		text[i] = i % 2 ? ' ' : 'x';
	assert_null(words_split(text, &words));
	assert_int_equal(words.n, 1 + SPEC_TEXT_MAX / 2);
	words_clear(&words);
}

static void refuses_what_is_no_line(void **state)
{
	(void)state;
	expect_error("a \"b", "not closed");
	expect_error("\"", "not closed");
	expect_error("\"a\\", "not closed");
	expect_error("\"a\nb\"", "not closed");
	expect_error("\"a\\\nb\"", "not closed");
	expect_error("-j \x1b[31mDROP", "control character \\x1b at byte 4");
	expect_error("a\x7f", "control character \\x7f");
	expect_error("a\r", "control character \\x0d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_at_blanks),
		cmocka_unit_test(quotes_as_iptables_restore),
		cmocka_unit_test(takes_long_words),
		cmocka_unit_test(takes_many_words),
		cmocka_unit_test(refuses_what_is_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
