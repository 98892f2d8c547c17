/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the exposure or a trace of this network namespace's tables, for the tests:
 * walk-show BACKEND exposure|json|times [WIDTH]
 * walk-show BACKEND trace|trace-json TEXT [WIDTH]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "backend_legacy.h"
#include "backend_nft.h"
#include "deadline.h"
#include "diag.h"
#include "docker_proxies.h"
#include "exposure_compute.h"
#include "exposure_sums.h"
#include "guard_names.h"
#include "netinfo_read.h"
#include "other_filters.h"
#include "read_set.h"
#include "report_exposure.h"
#include "report_trace.h"
#include "snapshot_read.h"

static unsigned long peak_kib(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	return (unsigned long)usage.ru_maxrss;
}

static int show_exposure(const char *what, const struct policy *policy, const struct world *world,
			 unsigned int width)
{
	struct exposure_list list;
	struct proxies proxies;
	struct world seen = *world;
	unsigned long before = peak_kib();
	uint64_t start;
	int status = 0;

	if (proxies_read(&proxies))
		return 3;
	seen.proxies = &proxies;
	start = clock_ms();
	if (exposure_compute(policy, &seen, policy->families, &list))
		return 3;
	if (!strcmp(what, "times")) {
		struct exposure_sums sums;

		exposure_sums(&list, &sums);
		printf("%zu ports, %llu ms, %lu KiB before, %lu KiB after\n", sums.ports,
		       (unsigned long long)(clock_ms() - start), before, peak_kib());
	} else if (!strcmp(what, "json")) {
		json_t *array = report_exposure_json(&list);

		if (array)
			json_write(array, stdout);
		else
			status = 3;
	} else if (report_exposure_text(stdout, &list, false, width)) {
		status = 3;
	}
	if (!status && exposure_unallowed(&list))
		status = 2;
	exposure_clear(&list);
	proxies_clear(&proxies);
	return status;
}

static int show_trace(const char *what, const char *text, const struct world *world,
		      unsigned int width)
{
	struct trace trace;
	int status = 0;

	if (trace_run(world, text, false, &trace))
		return 3;
	if (!strcmp(what, "trace-json")) {
		json_t *object = report_trace_json(&trace);

		if (object)
			json_write(object, stdout);
		else
			status = 3;
	} else if (report_trace_text(stdout, &trace, false, width)) {
		status = 3;
	}
	trace_clear(&trace);
	return status;
}

int main(int argc, char **argv)
{
	static backend_list backends = { [BACKEND_NFT] = &backend_nft,
					 [BACKEND_LEGACY] = &backend_legacy };
	static const char *const guard_tables[] = { GUARD_TABLE, NULL };
	const struct backend_ops *ops;
	struct policy *policy = policy_new();
	struct snapshot *snapshot = NULL, *guard = NULL;
	struct other_filters others = { 0 };
	struct netinfo info = { 0 };
	int status = 3;

	if (argc < 3)
		return 3;
	ops = strcmp(argv[1], "nft") ? &backend_legacy : &backend_nft;
	policy->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	deadline_start(600);
	if (!snapshot_read(ops, policy, walk_tables, select_all, &snapshot) && !netinfo_read(&info) &&
	    !other_filters_read(backends, snapshot, &others) &&
	    (ops == &backend_nft ||
	     !snapshot_read(&backend_nft, policy, guard_tables, select_all, &guard))) {
		struct world world = { .snapshot = snapshot, .guard = guard, .info = &info,
				       .others = &others };

		if (!strncmp(argv[2], "trace", 5) && argc > 3)
			status = show_trace(argv[2], argv[3], &world,
					    argc > 4 ? (unsigned int)atoi(argv[4]) : 0);
		else
			status = show_exposure(argv[2], policy, &world,
					       argc > 3 ? (unsigned int)atoi(argv[3]) : 0);
	}
	other_filters_clear(&others);
	snapshot_free(guard);
	snapshot_free(snapshot);
	netinfo_clear(&info);
	policy_free(policy);
	return status;
}
