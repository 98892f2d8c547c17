/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_exposure_monitor.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "exposure_sums.h"
#include "exposure_texts.h"
#include "report_exposure.h"
#include "report_nagios.h"
#include "text.h"
#include "util.h"

/* With -v, at most so many lines follow the first one. */
#define PORT_LINES 20

static unsigned int run_ms(const struct exposure_report *report)
{
	return (unsigned int)(clock_ms() - report->started_ms);
}

/* ---- nagios ---- */

static void add_name(struct strings *names, char *name)
{
	if (strings_has(names, name))
		free(name);
	else
		strings_take(names, name);
}

/* "5432/tcp" of a published port; "172.17.0.2:80/tcp" of a container's own address. */
static char *short_name(const struct exposure *exposure)
{
	char *place = port_text(exposure, 0), *port, *name;

	if (exposure->extra || exposure->length)
		return place;
	port = strrchr(place, ':');
	name = xstrdup(port ? port + 1 : place);
	free(place);
	return name;
}

/* "3 ports are open to anyone: 22/tcp, 80/tcp, 5432/tcp": those that count as that open. */
static char *counted_text(const struct exposure_list *list, enum openness counted, const char *are,
			  const char *is)
{
	struct strings names = { 0 };
	struct text text;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].unallowed == counted)
			add_name(&names, short_name(&list->v[i]));
	text_open(&text);
	fprintf(text.out, "%zu port%s open to anyone: ", names.n, names.n == 1 ? is : are);
	for (size_t i = 0; i < names.n; i++)
		fprintf(text.out, "%s%s", i ? ", " : "", names.v[i]);
	strings_clear(&names);
	return text_take(&text);
}

static char *sums_text(const struct exposure_list *list)
{
	struct exposure_sums sums;

	exposure_sums(list, &sums);
	return xasprintf("%zu published port%s: %zu open, %zu limited, %zu undecided, %zu closed",
			 sums.ports, sums.ports == 1 ? "" : "s", sums.by[OPEN_ALL],
			 sums.by[OPEN_SOME], sums.by[OPEN_MAYBE], sums.by[OPEN_NOBODY]);
}

static char *line_text(const struct exposure_report *report)
{
	if (report->error)
		return xstrdup(report->error);
	if (report->status == SEVERITY_CRITICAL)
		return counted_text(report->list, OPEN_ALL, "s are", " is");
	if (report->note)
		return xstrdup(report->note);
	if (report->status == SEVERITY_WARNING)
		return counted_text(report->list, OPEN_MAYBE, "s may be", " may be");
	return sums_text(report->list);
}

static void exposure_perfdata(FILE *out, const struct exposure_report *report)
{
	unsigned int ms = run_ms(report);

	fputs(" |", out);
	if (report->list) {
		struct exposure_sums sums;

		exposure_sums(report->list, &sums);
		fprintf(out, " 'published'=%zu;;;0 'published_open'=%zu;;;0 'published_limited'=%zu;;;0"
			" 'published_maybe'=%zu;;;0 'published_closed'=%zu;;;0 'direct'=%zu;;;0"
			" 'open_not_allowed'=%zu;;0;0 'maybe_not_allowed'=%zu;0;;0",
			sums.ports, sums.by[OPEN_ALL], sums.by[OPEN_SOME], sums.by[OPEN_MAYBE],
			sums.by[OPEN_NOBODY], sums.direct + sums.networks,
			exposure_unallowed(report->list), exposure_undecided(report->list));
	}
	fprintf(out, " 'time'=%u.%03us;;;0\n", ms / 1000, ms % 1000);
}

/* The facts about the ports that count, those that are certainly open first; see put_lines(). */
static char *counted_facts(const struct exposure_report *report, int *status)
{
	struct text text;

	text_open(&text);
	*status = 0;
	if (report->verbosity && report->list)
		*status = report_exposure_counted(text.out, report->list);
	return text_take(&text);
}

static void put_lines(FILE *out, char *facts)
{
	char *rest = facts, *line;
	size_t n = 0;

	while ((line = strsep(&rest, "\n")) && rest) {
		if (n++ >= PORT_LINES)
			continue;
		nagios_put_safe(out, line, (size_t)-1);
		fputc('\n', out);
	}
	if (n > PORT_LINES)
		fprintf(out, "and %zu more such lines\n", n - PORT_LINES);
}

int report_exposure_nagios(FILE *out, const struct exposure_report *report)
{
	struct exposure_report shown = *report;
	int status, room;
	/* Before the rest: if a rule has no text, the first line says so. */
	char *facts = counted_facts(report, &status), *text;

	if (status) {
		shown.status = SEVERITY_UNKNOWN;
		shown.error = diag_first_error();
	}
	/* The guidelines want less than 80 characters before the bar. */
	room = 78 - fprintf(out, "DOCKFW %s - ", severity_word(shown.status));
	text = line_text(&shown);
	nagios_put_safe(out, text, (size_t)room);
	exposure_perfdata(out, &shown);
	put_lines(out, facts);
	free(text);
	free(facts);
	return status;
}

/* ---- prometheus ---- */

static void describe(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP dockfw_exposure_%s %s\n# TYPE dockfw_exposure_%s %s\n", name, help, name,
		type);
}

/* A port with its labels, which no other may have. */
struct series {
	char *labels; /* owned */
	enum openness openness, counted;
};

struct all_series {
	struct series *v; /* owned */
	size_t n, room;
};

static char *host_label(const struct exposure *exposure, size_t host)
{
	char text[INET6_ADDRSTRLEN];

	if (exposure->length)
		return xasprintf("%s/%u", addr_text(exposure->family, exposure->network, text),
				 exposure->length);
	return exposure->any_host || !exposure->nhosts
		       ? xstrdup("any") : addrrange_text(exposure->family, exposure->hosts[host]);
}

static void add_series(struct all_series *all, const struct exposure *exposure, size_t host)
{
	char *port = span_equal(exposure->port, SPAN_ALL) ? xstrdup("any") :
		     exposure->port.lo == exposure->port.hi ? xasprintf("%u", exposure->port.lo) :
		     xasprintf("%u-%u", exposure->port.lo, exposure->port.hi);
	char *address = host_label(exposure, host);

	GROW(all->v, all->n, all->room);
	all->v[all->n++] = (struct series){
		.labels = xasprintf("family=\"%s\",protocol=\"%s\",port=\"%s\",host=\"%s\",direct=\"%s\"",
				    family_name(exposure->family),
				    exposure->proto ? proto_name(exposure->proto) : "any", port, address,
				    exposure->answers == ANSWERS_DIRECT ? "yes" : "no"),
		.openness = exposure->openness, .counted = exposure->unallowed,
	};
	free(address);
	free(port);
}

static int by_labels(const void *left, const void *right)
{
	return strcmp(((const struct series *)left)->labels, ((const struct series *)right)->labels);
}

/* Of two with the same labels, the more open one stays. */
static void merge_series(struct all_series *all)
{
	size_t kept = 0;

	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_labels);
	for (size_t i = 0; i < all->n; i++) {
		struct series *last = kept ? &all->v[kept - 1] : NULL, *one = &all->v[i];

		if (!last || strcmp(last->labels, one->labels) != 0) {
			all->v[kept++] = *one;
			continue;
		}
		if (one->openness > last->openness)
			last->openness = one->openness;
		if (one->counted > last->counted)
			last->counted = one->counted;
		free(one->labels);
	}
	all->n = kept;
}

static void metric_ports(FILE *out, const struct exposure_list *list)
{
	struct all_series all = { 0 };

	for (size_t i = 0; i < list->n; i++)
		for (size_t h = 0; h < list->v[i].nhosts || !h; h++)
			add_series(&all, &list->v[i], h);
	merge_series(&all);
	describe(out, "port_openness", "gauge",
		 "How open a published port is: 0 closed, 1 limited, 2 maybe open, 3 open to anyone.");
	for (size_t i = 0; i < all.n; i++)
		fprintf(out, "dockfw_exposure_port_openness{%s} %d\n", all.v[i].labels,
			(int)all.v[i].openness);
	describe(out, "port_not_allowed", "gauge",
		 "Whether a port is open to anyone from outside and neither a publish section nor the host's own firewall, where it decides, allows that: 0 no, 1 maybe, 2 yes.");
	for (size_t i = 0; i < all.n; i++) {
		enum openness counted = all.v[i].counted;

		fprintf(out, "dockfw_exposure_port_not_allowed{%s} %d\n", all.v[i].labels,
			counted == OPEN_ALL ? 2 : counted == OPEN_MAYBE);
		free(all.v[i].labels);
	}
	free(all.v);
}

static void metric_sums(FILE *out, const struct exposure_list *list)
{
	struct exposure_sums sums;

	exposure_sums(list, &sums);
	describe(out, "ports", "gauge", "Published ports, by how open they are.");
	for (int openness = OPEN_NOBODY; openness <= OPEN_ALL; openness++)
		fprintf(out, "dockfw_exposure_ports{openness=\"%s\"} %zu\n",
			openness_name((enum openness)openness), sums.by[openness]);
	describe(out, "not_allowed", "gauge",
		 "Ports and networks that are open to anyone from outside although that is not allowed.");
	fprintf(out, "dockfw_exposure_not_allowed %zu\n", exposure_unallowed(list));
	describe(out, "maybe_not_allowed", "gauge", "Ports and networks of which it cannot be decided whether they are.");
	fprintf(out, "dockfw_exposure_maybe_not_allowed %zu\n", exposure_undecided(list));
}

int report_exposure_prometheus(FILE *out, const struct exposure_report *report)
{
	unsigned int ms = run_ms(report);

	describe(out, "status", "gauge",
		 "State, as the exit status of --exposure: 0 ok, 1 warning, 2 critical, 3 unknown.");
	fprintf(out, "dockfw_exposure_status %d\n", (int)report->status);
	if (report->list) {
		metric_sums(out, report->list);
		metric_ports(out, report->list);
	}
	describe(out, "run_duration_seconds", "gauge", "How long the last run took.");
	fprintf(out, "dockfw_exposure_run_duration_seconds %u.%03u\n", ms / 1000, ms % 1000);
	describe(out, "last_run_timestamp_seconds", "gauge", "When the last run ended.");
	fprintf(out, "dockfw_exposure_last_run_timestamp_seconds %lld\n", (long long)time(NULL));
	return 0;
}
