/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often systemd wants a sign of life, by what it writes into the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "service.h"
#include "util.h"

static unsigned int wanted(const char *usec)
{
	setenv("WATCHDOG_USEC", usec, 1);
	return service_watchdog_ms();
}

static void test_times(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(service_watchdog_ms(), 0);
	assert_int_equal(wanted("60000000"), 30000);
	assert_int_equal(wanted("1"), 1);
	/* 71 minutes are more than 32 bits hold. */
	assert_int_equal(wanted("4294967295"), 2147483);
	assert_int_equal(wanted("4294967296"), 2147483);
	assert_int_equal(wanted("7200000000"), 3600000);
	assert_int_equal(wanted("18446744073709551614"), UINT32_MAX);
}

static void test_none(void **state)
{
	static const char *const none[] = { "0", "", "-1", " 5000", "5000s", "18446744073709551616" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(wanted(none[i]), 0);
}

static void test_process(void **state)
{
	char *own = xasprintf("%d", (int)getpid());

	(void)state;
	setenv("WATCHDOG_PID", own, 1);
	assert_int_equal(wanted("7200000000"), 3600000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(wanted("7200000000"), getpid() == 1 ? 3600000 : 0);
	unsetenv("WATCHDOG_PID");
	free(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
