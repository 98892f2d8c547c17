/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_nagios.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "docker_chains.h"
#include "finding_lines.h"
#include "open_texts.h"
#include "rule_texts.h"
#include "text.h"
#include "utf8.h"
#include "util.h"

/* With -v, at most so many lines about open ports. */
#define OPEN_LINES 10
/* So many edits are shown without -vv. */
#define EDIT_LINES 20

/* A monitoring plugin's line: "DOCKFW STATUS - text | perfdata". */

void nagios_put_safe(FILE *out, const char *text, size_t most)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
	bool cut = strlen(text) > most;
	size_t left = cut ? most - 3 : most;

	while (c < end) {
		size_t length = utf8_shown(c, end), size = length ? length : 1;

		if (size > left)
			break;
		if (*c == '|' || !length)
			fputc(*c == '|' ? '/' : ' ', out);
		else
			fwrite(c, 1, length, out);
		c += size;
		left -= size;
	}
	if (cut)
		fputs("...", out);
}

/* "port 80/tcp is open to ANYONE on ens3; ": what is most open, if anything certainly is. */
static void put_open(FILE *out, const struct report *report)
{
	struct open_lines lines;

	open_lines_make(&lines, report->open);
	if (lines.n && !lines.v[0].maybe)
		fprintf(out, "%s; ", lines.v[0].text);
	open_lines_clear(&lines);
}

/* "2 critical, 1 warning: user-jump-late, rule-missing", the worst first. */
static char *summary(const struct report *report)
{
	static const enum severity order[] = { SEVERITY_CRITICAL, SEVERITY_UNKNOWN,
					       SEVERITY_WARNING };
	bool named[FINDING_COUNT] = { false };
	const char *separator = ": ";
	struct text text;

	text_open(&text);
	put_open(text.out, report);
	fprintf(text.out, "%zu finding%s", report_faults(report),
		report_faults(report) == 1 ? "" : "s");
	for (size_t o = 0; o < ARRAY_SIZE(order); o++) {
		for (size_t i = 0; i < report->left->n; i++) {
			const struct finding *finding = &report->left->v[i];

			if (finding->severity != order[o] || named[finding->id])
				continue;
			named[finding->id] = true;
			fprintf(text.out, "%s%s", separator, finding_name(finding->id));
			separator = ", ";
		}
	}
	return text_take(&text);
}

/* U is a plugin's word for a value that could not be determined. */
static void nagios_family(FILE *out, const struct report *report, enum family family)
{
	static const enum finding_id order[] = { USER_CHAIN_MISSING, USER_JUMP_MISSING, USER_JUMP_LATE,
						 USER_JUMP_CONDITIONAL, ACCEPT_BEFORE_USER };
	bool unknown = report_count(report, DOCKER_ABSENT, family);
	const char *name = family_name(family);
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		wrong += report_count(report, order[i], family);
	fprintf(out, " '%s_order_ok'=%s;;1:1;0;1", name, unknown ? "U" : wrong ? "0" : "1");
	if (unknown)
		fprintf(out, " '%s_rules_missing'=U;;0;0", name);
	else
		fprintf(out, " '%s_rules_missing'=%zu;;0;0", name,
			report_count(report, RULE_MISSING, family));
}

/* Of ports that were not all followed, none is no number. */
static void nagios_open(FILE *out, const struct open_ports *open)
{
	size_t sure = open_ports_count(open, FAMILY_COUNT, false);
	size_t maybe = open_ports_count(open, FAMILY_COUNT, true);
	bool complete = !open->cut && !open->unknown;

	if (sure || complete)
		fprintf(out, " 'ports_open'=%zu;;0;0", sure);
	else
		fprintf(out, " 'ports_open'=U;;0;0");
	if (maybe || complete)
		fprintf(out, " 'ports_maybe_open'=%zu;0;;0", maybe);
	else
		fprintf(out, " 'ports_maybe_open'=U;0;;0");
}

static void nagios_perfdata(FILE *out, const struct report *report)
{
	uint64_t ms = clock_ms() - report->started_ms;

	fprintf(out, " |");
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report->left && (report->families & (1U << family)))
			nagios_family(out, report, (enum family)family);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report->guard[family])
			fprintf(out, " 'refused_%s'=%" PRIu64 "c", family_name((enum family)family),
				report->refused[family]);
	if (report->open)
		nagios_open(out, report->open);
	fprintf(out, " 'time'=%u.%03us;;;0\n", (unsigned int)(ms / 1000),
		(unsigned int)(ms % 1000));
}

static void nagios_line(FILE *out, const struct report *report)
{
	/* The guidelines want less than 80 characters before the bar. */
	int room = 78 - fprintf(out, "DOCKFW %s - ", severity_word(report->status));
	char *text, *ignored = report_ignored(report);

	if (report->error)
		text = xstrdup(report->error);
	else if (report_faults(report))
		text = summary(report);
	else if (ignored)
		text = xstrdup(ignored);
	else if (report_holds_nothing(report))
		text = xstrdup("no rule is configured: nothing is filtered");
	else
		text = xstrdup(report_only_guard(report) ? "the guard holds the rules"
							 : DOCKER_USER " comes first and holds its rules");
	nagios_put_safe(out, text, (size_t)room);
	free(text);
	free(ignored);
	nagios_perfdata(out, report);
	if (report->error && report->verbosity) {
		nagios_put_safe(out, report->error, (size_t)-1);
		fputc('\n', out);
	}
}

static void nagios_finding(FILE *out, const struct finding_line *line, const char *lead)
{
	const struct finding *finding = line->finding;

	fprintf(out, "%s%s %s %s: ", lead, severity_name(finding->severity), finding_name(finding->id),
		finding->family < FAMILY_COUNT ? family_name(finding->family) : "host");
	nagios_put_safe(out, line->message, (size_t)-1);
	fputc('\n', out);
}

/* Equal ones are folded, unless -vv is given. */
static void nagios_findings(FILE *out, const struct report *report, const struct findings *findings,
			    const char *lead, const struct named_rules *texts)
{
	struct finding_place place = finding_place_of(report, true, texts);
	struct finding_lines lines;

	finding_lines_make(&lines, findings, &place, report->verbosity < 2);
	for (size_t i = 0; i < lines.n; i++)
		nagios_finding(out, &lines.v[i], lead);
	finding_lines_clear(&lines);
}

/* "would insert ipv4 filter DOCKER-USER 1: …", or what was written. Returns 0, or -1, reported. */
static int nagios_edits(FILE *out, const struct report *report, const struct edits *edits)
{
	size_t n = edits ? edits->n : 0;
	char **texts = xcalloc(n, sizeof(*texts));
	int status = n ? edits_texts(edits, texts) : 0;

	for (size_t i = 0; i < n; i++) {
		struct text text;
		char *line;

		if (i >= EDIT_LINES && report->verbosity < 2) {
			free(texts[i]);
			continue;
		}
		text_open(&text);
		edit_put(text.out, &edits->v[i], texts[i]);
		line = text_take(&text);
		fputs(report->written ? "edit " : "would ", out);
		nagios_put_safe(out, line, (size_t)-1);
		fputc('\n', out);
		free(line);
		free(texts[i]);
	}
	if (n > EDIT_LINES && report->verbosity < 2)
		fprintf(out, "and %zu more edits: -vv shows them\n", n - EDIT_LINES);
	free(texts);
	return status;
}

/* The edits as lines, for -v. What was planned before an error is not what will be done. */
static char *edit_lines(const struct report *report, int *status)
{
	struct text text;

	text_open(&text);
	*status = 0;
	if (report->verbosity && (report->written || !report->error)) {
		*status = nagios_edits(text.out, report, report->edits);
		*status |= nagios_edits(text.out, report, report->later);
	}
	return text_take(&text);
}

/* For -v: what is open, at most so many lines. */
static void nagios_open_lines(FILE *out, const struct report *report)
{
	struct open_lines lines;
	char *rest = open_rest(report->open);

	open_lines_make(&lines, report->open);
	for (size_t i = 0; i < lines.n && i < OPEN_LINES; i++) {
		const struct open_line *line = &lines.v[i];
		char *text = xasprintf("%s %s: %s%s%s", line->maybe ? "maybe" : "open",
				       family_name(line->family), line->text, line->why ? ": " : "",
				       line->why ? line->why : "");

		nagios_put_safe(out, text, (size_t)-1);
		fputc('\n', out);
		free(text);
	}
	if (lines.n > OPEN_LINES)
		fprintf(out, "and %zu more such lines\n", lines.n - OPEN_LINES);
	if (rest) {
		nagios_put_safe(out, rest, (size_t)-1);
		fputc('\n', out);
	}
	open_lines_clear(&lines);
	free(rest);
}

int report_nagios(FILE *out, const struct report *report)
{
	struct report shown = *report;
	int status;
	/* Before the rest: if a rule has no text, the first line says so. */
	char *edits = edit_lines(report, &status);
	struct named_rules texts = { 0 };

	if (report->verbosity && !status)
		status = finding_lines_texts(report, report->verbosity < 2, &texts);
	if (status) {
		shown.status = SEVERITY_UNKNOWN;
		shown.error = diag_first_error();
	}
	nagios_line(out, &shown);
	if (report->verbosity)
		nagios_open_lines(out, report);
	if (report->verbosity) {
		nagios_findings(out, report, report->left, "", &texts);
		nagios_findings(out, report, report->ignored, "ignored ", &texts);
	}
	named_rules_clear(&texts);
	fputs(edits, out);
	free(edits);
	return status ? -1 : 0;
}
