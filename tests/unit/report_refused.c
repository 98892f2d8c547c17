/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each format reports the packets that the guard has refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diag.h"
#include "json.h"
#include "report_json.h"
#include "report_nagios.h"
#include "report_prometheus.h"
#include "report_text.h"
#include "text.h"

static int (*const writers[])(FILE *out, const struct report *report) = {
	[FORMAT_TEXT] = report_text,
	[FORMAT_NAGIOS] = report_nagios,
	[FORMAT_JSON] = report_json,
	[FORMAT_PROMETHEUS] = report_prometheus,
};

/* Writes a report about guards that have refused that many packets; -1: no guard there. */
static char *written(enum format format, int verbosity, int ipv4, int ipv6)
{
	static const struct findings none;
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct policy *policy = policy_new();
	/* Without families there are no rules to list, which would need libxtables. */
	struct report report = {
		.format = format, .verbosity = verbosity, .policy = policy, .backend = "nft",
		.snapshot = snapshot, .found = &none, .left = &none,
		.guard = { ipv4 >= 0, ipv6 >= 0 },
		.refused = { ipv4 < 0 ? 0 : (uint64_t)ipv4, ipv6 < 0 ? 0 : (uint64_t)ipv6 },
	};
	struct text text;

	text_open(&text);
	assert_int_equal(writers[format](text.out, &report), 0);
	policy_free(policy);
	snapshot_free(snapshot);
	return text_take(&text);
}

static void test_all_formats(void **state)
{
	static const struct {
		enum format format;
		int verbosity, ipv4, ipv6;
		const char *wanted;   /* is in the report */
		const char *unwanted; /* is not */
	} cases[] = {
		{ FORMAT_TEXT, 1, 12, 0, "\nThe guard has refused 12 packets over IPv4 and 0 over IPv6\n", NULL },
		{ FORMAT_TEXT, 1, 1, -1, "\nThe guard has refused 1 packet over IPv4\n", NULL },
		{ FORMAT_TEXT, 1, -1, 0, "\nThe guard has refused 0 packets over IPv6\n", NULL },
		{ FORMAT_TEXT, 1, -1, -1, NULL, "guard has" },
		{ FORMAT_TEXT, 0, 12, 0, NULL, "guard has" },
		{ FORMAT_NAGIOS, 0, 12, 0, " 'refused_ipv4'=12c 'refused_ipv6'=0c ", NULL },
		{ FORMAT_NAGIOS, 0, -1, 7, " 'refused_ipv6'=7c ", "refused_ipv4" },
		{ FORMAT_NAGIOS, 0, -1, -1, NULL, "refused" },
		{ FORMAT_PROMETHEUS, 0, 12, 0,
		  "# TYPE dockfw_guard_refused_packets_total counter\n"
		  "dockfw_guard_refused_packets_total{family=\"ipv4\"} 12\n"
		  "dockfw_guard_refused_packets_total{family=\"ipv6\"} 0\n", NULL },
		{ FORMAT_PROMETHEUS, 0, 3, -1,
		  "dockfw_guard_refused_packets_total{family=\"ipv4\"} 3\n",
		  "packets_total{family=\"ipv6\"}" },
		{ FORMAT_PROMETHEUS, 0, -1, -1, NULL, "packets_total{" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *report = written(cases[i].format, cases[i].verbosity, cases[i].ipv4,
				       cases[i].ipv6);

		if (cases[i].wanted && !strstr(report, cases[i].wanted))
			fail_msg("case %zu: no '%s' in: %s", i, cases[i].wanted, report);
		if (cases[i].unwanted && strstr(report, cases[i].unwanted))
			fail_msg("case %zu: '%s' in: %s", i, cases[i].unwanted, report);
		free(report);
	}
}

/* The keys are the families that have a guard. */
static void test_json(void **state)
{
	char *report = written(FORMAT_JSON, 0, 12, 0);
	json_t *root = json_loads(report, 0, NULL), *guard = json_object_get(root, "guard");

	(void)state;
	assert_int_equal(json_object_size(guard), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(guard, "ipv4"), "refused")), 12);
	assert_true(json_is_integer(json_object_get(json_object_get(guard, "ipv6"), "refused")));
	json_decref(root);
	free(report);

	report = written(FORMAT_JSON, 0, -1, -1);
	root = json_loads(report, 0, NULL);
	assert_true(json_is_object(json_object_get(root, "guard")));
	assert_int_equal(json_object_size(json_object_get(root, "guard")), 0);
	json_decref(root);
	free(report);
}

static int set_up(void **state)
{
	(void)state;
	diag_setup(0, true);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_formats),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
