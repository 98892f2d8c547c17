/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_prometheus.h"

#include <inttypes.h>
#include <time.h>

#include "util.h"

/*
 * The node exporter's textfile collector wants HELP and TYPE once per name, the samples
 * of a name together, no timestamps (it skips the whole file for one), and labels with
 * few values: never a rule's text.
 */
static void describe(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP dockfw_%s %s\n# TYPE dockfw_%s %s\n", name, help, name, type);
}

static size_t count_of(const struct findings *findings, int id, int severity)
{
	size_t n = 0;

	for (size_t i = 0; findings && i < findings->n; i++)
		n += (int)findings->v[i].id == id && (int)findings->v[i].severity == severity;
	return n;
}

static void metric_findings(FILE *out, const struct report *report)
{
	describe(out, "findings", "gauge",
		 "Findings of the last run, by id and severity, ignored ones included.");
	for (int id = 0; id < FINDING_COUNT; id++) {
		for (int severity = SEVERITY_WARNING; severity <= SEVERITY_UNKNOWN; severity++) {
			size_t n = count_of(report->left, id, severity) +
				   count_of(report->ignored, id, severity);

			/* Findings that are absent are 0 under one severity, so
			 * that an alert's series does not end with the fault. */
			if (n || severity == SEVERITY_CRITICAL)
				fprintf(out, "dockfw_findings{id=\"%s\",severity=\"%s\"} %zu\n",
					finding_name((enum finding_id)id),
					severity_name((enum severity)severity), n);
		}
	}
}

/* Only those that there are: without any, nothing is hidden. */
static void metric_ignored(FILE *out, const struct report *report)
{
	describe(out, "findings_ignored", "gauge",
		 "Those of dockfw_findings that do not count for dockfw_status.");
	for (int id = 0; id < FINDING_COUNT; id++) {
		for (int severity = SEVERITY_WARNING; severity <= SEVERITY_UNKNOWN; severity++) {
			size_t n = count_of(report->ignored, id, severity);

			if (n)
				fprintf(out, "dockfw_findings_ignored{id=\"%s\",severity=\"%s\"} %zu\n",
					finding_name((enum finding_id)id),
					severity_name((enum severity)severity), n);
		}
	}
}

static void metric_by_family(FILE *out, const struct report *report)
{
	describe(out, "rules_configured", "gauge", "Configured rules.");
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report->families & (1U << family))
			fprintf(out, "dockfw_rules_configured{family=\"%s\"} %zu\n",
				family_name((enum family)family),
				policy_rules(report->policy, (enum family)family));
	describe(out, "rules_missing", "gauge", "Configured rules that are missing from their chain.");
	for (int family = 0; family < FAMILY_COUNT; family++)
		/* Before Docker runs, one finding stands for all that is not installed. */
		if ((report->families & (1U << family)) &&
		    !report_count(report, DOCKER_ABSENT, (enum family)family))
			fprintf(out, "dockfw_rules_missing{family=\"%s\"} %zu\n",
				family_name((enum family)family),
				report_count(report, RULE_MISSING, (enum family)family));
}

static void put_open_count(FILE *out, const char *name, const struct open_ports *open, bool maybe)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		size_t n = open_ports_count(open, (enum family)family, maybe);

		/* Of ports that were not all followed, none is no number. */
		if (n || (!open->cut && !(open->unknown & 1U << family)))
			fprintf(out, "dockfw_%s{family=\"%s\"} %zu\n", name,
				family_name((enum family)family), n);
	}
}

static void metric_open(FILE *out, const struct open_ports *open)
{
	describe(out, "configured_ports_open", "gauge",
		 "Published ports that sources which the configuration refuses can reach; there only where something is wrong.");
	put_open_count(out, "configured_ports_open", open, false);
	describe(out, "configured_ports_maybe_open", "gauge",
		 "Published ports that such sources may reach; there only where something is wrong.");
	put_open_count(out, "configured_ports_maybe_open", open, true);
}

static void metric_refused(FILE *out, const struct report *report)
{
	describe(out, "guard_refused_packets_total", "counter",
		 "Packets that the guard has refused, since it was created.");
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report->guard[family])
			fprintf(out, "dockfw_guard_refused_packets_total{family=\"%s\"} %" PRIu64 "\n",
				family_name((enum family)family), report->refused[family]);
}

int report_prometheus(FILE *out, const struct report *report)
{
	uint64_t ms = clock_ms() - report->started_ms;

	describe(out, "build_info", "gauge", "The version of dockfw-check.");
	fprintf(out, "dockfw_build_info{version=\"%s\"} 1\n", VERSION);
	describe(out, "status", "gauge", "State, as the exit status: 0 ok, 1 warning, 2 critical, 3 unknown.");
	fprintf(out, "dockfw_status %d\n", (int)report->status);
	if (report->backend) {
		describe(out, "backend_info", "gauge", "The backend that was checked.");
		fprintf(out, "dockfw_backend_info{backend=\"%s\"} 1\n", report->backend);
	}
	if (report->left) {
		metric_findings(out, report);
		metric_ignored(out, report);
		metric_by_family(out, report);
		metric_refused(out, report);
		if (report->open)
			metric_open(out, report->open);
	}
	if (report->snapshot) {
		describe(out, "edits", "gauge", "Edits that the last run wrote.");
		fprintf(out, "dockfw_edits %zu\n", report->written ? report_edits(report) : 0);
	}
	describe(out, "run_duration_seconds", "gauge", "How long the last run took.");
	fprintf(out, "dockfw_run_duration_seconds %u.%03u\n", (unsigned int)(ms / 1000),
		(unsigned int)(ms % 1000));
	describe(out, "last_run_timestamp_seconds", "gauge", "When the last run ended.");
	fprintf(out, "dockfw_last_run_timestamp_seconds %lld\n", (long long)time(NULL));
	return 0;
}
