/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "finding_lines.h"
#include "put_file.h"
#include "report_json.h"
#include "service.h"
#include "utf8.h"
#include "util.h"

static const char *const names[] = {
	[WATCH_GUARD] = "guard",         [WATCH_REPAIRED] = "repaired",
	[WATCH_RESTORED] = "restored",   [WATCH_WRONG] = "wrong",         [WATCH_CONTESTED] = "contested",
	[WATCH_RIGHT] = "right",         [WATCH_FOREIGN] = "change",
	[WATCH_STORM] = "storm",
};

/* The priorities of syslog(3). */
static int priority(enum watch_news news)
{
	switch (news) {
	case WATCH_WRONG:
	case WATCH_CONTESTED:
		return LOG_CRIT;
	case WATCH_GUARD:
	case WATCH_REPAIRED:
	case WATCH_RESTORED:
	case WATCH_STORM:
		return LOG_WARNING;
	default:
		return LOG_INFO;
	}
}

/* "2026-01-31T12:00:00.123+01:00", or, for a terminal, "12:00:00.123". */
static char *time_text(bool whole)
{
	struct timespec now;
	struct tm parts;
	char day[40] = "", zone[8] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	strftime(day, sizeof(day), whole ? "%FT%T" : "%T", &parts);
	strftime(zone, sizeof(zone), "%z", &parts);
	return whole ? xasprintf("%s.%03ld%.3s:%s", day, now.tv_nsec / 1000000, zone, zone + 3)
		     : xasprintf("%s.%03ld", day, now.tv_nsec / 1000000);
}

/* ---- text ---- */

static char *head_text(const struct watch_event *event)
{
	size_t edits = event->edits ? event->edits->n : 0;
	const char *s = edits == 1 ? "" : "s";

	switch (event->news) {
	case WATCH_GUARD:
		return xasprintf("the guard was restored at once with %zu edit%s", edits, s);
	case WATCH_REPAIRED:
		return event->wrong_ms ? xasprintf("repaired with %zu edit%s; it was wrong for %u ms", edits,
						   s, event->wrong_ms)
				       : xasprintf("repaired with %zu edit%s", edits, s);
	case WATCH_WRONG:
		return xasprintf("%zu finding%s left", event->findings->n,
				 event->findings->n == 1 ? "" : "s");
	case WATCH_RESTORED:
		return xasprintf("Docker's chains were gone and dockerd did not write them again: restored with %zu edit%s, %zu rule%s left out",
				 edits, s, event->left_out, event->left_out == 1 ? "" : "s");
	case WATCH_CONTESTED:
		return xstrdup("another program undoes each repair; the pause before the next one is longer");
	case WATCH_STORM:
		return xasprintf("other programs wrote to nf_tables %u times within %u ms, most often", event->writes,
				 event->within_ms);
	case WATCH_RIGHT:
		return xstrdup("everything is as configured again");
	default:
		return xstrdup("another program has written; nothing to repair");
	}
}

/* One line; the journal gets it with its fields, and knows the time. */
static void put_line(FILE *out, const struct report *report, const struct watch_event *event,
		     const struct finding *finding, const char *text)
{
	const struct writer *culprit = writers_culprit(event->writers);
	char *safe = safe_text(text), *time = time_text(false), *wrong = xasprintf("%u", event->wrong_ms);
	char *pid = culprit ? xasprintf("%d", (int)culprit->pid) : NULL;
	const struct service_field fields[] = {
		{ "DOCKFW_EVENT", names[event->news] },
		{ "DOCKFW_FINDING", finding ? finding_name(finding->id) : NULL },
		{ "DOCKFW_FAMILY", finding && finding->family < FAMILY_COUNT ? family_name(finding->family)
									 : NULL },
		{ "DOCKFW_CULPRIT", culprit ? culprit->name : NULL },
		{ "DOCKFW_CULPRIT_PID", pid },
		{ "DOCKFW_CULPRIT_PARENT", culprit ? culprit->parent : NULL },
		{ "DOCKFW_WRONG_MS", wrong },
	};

	if (report->journal &&
	    service_journal(priority(event->news), safe, fields, ARRAY_SIZE(fields)))
		;
	else if (report->journal)
		fprintf(out, "<%d>%s\n", priority(event->news), safe);
	else
		fprintf(out, "%s  %s\n", time, safe);
	free(pid);
	free(wrong);
	free(time);
	free(safe);
}

static void text_event(FILE *out, const struct report *report, const struct watch_event *event)
{
	const struct writer *culprit = writers_culprit(event->writers);
	char *head = head_text(event), *who = culprit ? writer_text(culprit) : NULL, *line;
	struct finding_lines lines;

	line = xasprintf("%-9s  %s%s%s", names[event->news], head, who ? ": " : "", who ? who : "");
	put_line(out, report, event, NULL, line);
	free(line);
	finding_lines_make(&lines, event->findings, &(struct finding_place){ 0 }, true);
	for (size_t i = 0; i < lines.n; i++) {
		const struct finding *finding = lines.v[i].finding;
		const char *family = finding->family < FAMILY_COUNT ? family_name(finding->family) : "";

		line = xasprintf("%-9s    %s: %s%s%s", names[event->news], finding_name(finding->id),
				 family, *family ? ": " : "", lines.v[i].message);
		put_line(out, report, event, finding, line);
		free(line);
	}
	finding_lines_clear(&lines);
	free(who);
	free(head);
}

/* ---- json ---- */

static json_t *writer_json(const struct writer *writer)
{
	json_t *value = json_made(json_object()), *chains = json_made(json_array());

	json_set_checked(value, "name", json_text(writer->name));
	json_set_checked(value, "pid", json_made(json_integer(writer->pid)));
	json_set_checked(value, "started_by", json_text(writer->parent));
	json_set_checked(value, "removed", json_made(json_integer((json_int_t)writer->removed)));
	json_set_checked(value, "added", json_made(json_integer((json_int_t)writer->added)));
	for (size_t i = 0; i < writer->chains.n; i++)
		json_append_checked(chains, json_text(writer->chains.v[i]));
	json_set_checked(value, "chains", chains);
	return value;
}

static json_t *findings_json(const struct findings *findings)
{
	json_t *list = json_made(json_array());

	for (size_t i = 0; findings && i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];
		json_t *value = json_made(json_object());

		json_set_checked(value, "id", json_text(finding_name(finding->id)));
		json_set_checked(value, "severity", json_text(severity_name(finding->severity)));
		json_set_checked(value, "family", json_text(finding->family < FAMILY_COUNT ?
							    family_name(finding->family) : NULL));
		json_set_checked(value, "message", json_text(finding->message));
		json_append_checked(list, value);
	}
	return list;
}

static int json_event(FILE *out, const struct watch_event *event)
{
	const struct writer *culprit = writers_culprit(event->writers);
	json_t *root = json_made(json_object()), *others = json_made(json_array());
	char *time = time_text(true), *line;
	bool failed = false;

	json_set_checked(root, "time", json_text(time));
	json_set_checked(root, "event", json_text(names[event->news]));
	json_set_checked(root, "wrong_ms", json_made(json_integer(event->wrong_ms)));
	if (event->news == WATCH_STORM) {
		json_set_checked(root, "writes", json_made(json_integer(event->writes)));
		json_set_checked(root, "within_ms", json_made(json_integer(event->within_ms)));
	}
	json_set_checked(root, "culprit", culprit ? writer_json(culprit) : json_made(json_null()));
	for (size_t i = 0; i < event->writers->n; i++)
		if (&event->writers->v[i] != culprit)
			json_append_checked(others, writer_json(&event->writers->v[i]));
	json_set_checked(root, "other_writers", others);
	json_set_checked(root, "findings", findings_json(event->findings));
	json_set_checked(root, "edits", report_edits_json(event->edits, &failed));
	line = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);
	fprintf(out, "%s\n", line ? line : "{}");
	free(line);
	free(time);
	json_decref(root);
	return failed ? -1 : 0;
}

int report_watch(FILE *out, const struct report *report, const struct watch_event *event)
{
	int status = 0;

	if (report->format == FORMAT_JSON)
		status = json_event(out, event);
	else if ((event->news != WATCH_FOREIGN || report->verbosity))
		text_event(out, report, event);
	return fflush(out) || ferror(out) ? -1 : status;
}

/* ---- metrics ---- */

struct counting {
	const struct report *report;
	const struct watch_counts *counts;
};

static void describe(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP dockfw_watch_%s %s\n# TYPE dockfw_watch_%s %s\n", name, help, name, type);
}

/* Any bytes may be in the name of a process. */
static void put_label(FILE *out, const char *name)
{
	char *safe = safe_text(*name ? name : "unknown");

	for (const char *c = safe; *c; c++)
		fprintf(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
	free(safe);
}

static void put_by_culprit(FILE *out, const struct watch_counts *counts, bool guard)
{
	for (unsigned int i = 0; i < counts->n; i++) {
		const struct culprit_count *count = &counts->v[i];

		fprintf(out, "dockfw_watch_%srepairs_total{culprit=\"", guard ? "guard_" : "");
		put_label(out, count->name);
		fprintf(out, "\"} %" PRIu64 "\n", guard ? count->guard : count->repairs);
	}
}

static int put_counts(FILE *out, void *data)
{
	const struct counting *counting = data;
	const struct watch_counts *counts = counting->counts;

	describe(out, "repairs_total", "counter", "Repairs since the watch began, by the process whose writes came before.");
	put_by_culprit(out, counts, false);
	describe(out, "guard_repairs_total", "counter", "Restorations of the guard, by the process that removed it.");
	put_by_culprit(out, counts, true);
	describe(out, "wrong_seconds_total", "counter", "How long the tables were wrong until a repair.");
	fprintf(out, "dockfw_watch_wrong_seconds_total %" PRIu64 ".%03u\n", counts->wrong_ms / 1000,
		(unsigned int)(counts->wrong_ms % 1000));
	describe(out, "contested_total", "counter", "How often another program undid each repair.");
	fprintf(out, "dockfw_watch_contested_total %" PRIu64 "\n", counts->contested);
	describe(out, "storms_total", "counter", "How often other programs began to write very often.");
	fprintf(out, "dockfw_watch_storms_total %" PRIu64 "\n", counts->storms);
	describe(out, "transactions_total", "counter", "Transactions of nf_tables by other programs.");
	fprintf(out, "dockfw_watch_transactions_total %" PRIu64 "\n", counts->transactions);
	describe(out, "looks_total", "counter", "How often the tables were read to see whether they are right.");
	fprintf(out, "dockfw_watch_looks_total %" PRIu64 "\n", counts->looks);
	describe(out, "status", "gauge", "State, as the exit status of a check: 0 ok, 1 warning, 2 critical, 3 unknown.");
	fprintf(out, "dockfw_watch_status %d\n", (int)counting->report->status);
	describe(out, "timestamp_seconds", "gauge", "When this was written.");
	fprintf(out, "dockfw_watch_timestamp_seconds %lld\n", (long long)time(NULL));
	return 0;
}

int report_watch_counts(const struct report *report, const struct watch_counts *counts)
{
	struct counting counting = { report, counts };

	return output_put(report->output, put_counts, &counting);
}
