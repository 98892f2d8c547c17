/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_nagios.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "text.h"
#include "utf8.h"
#include "util.h"

/*
 * A monitoring plugin's line: "DOCKFW STATUS - text | perfdata". Text from a
 * rule, a file or an error may hold anything, so what would end the line or
 * start the perfdata is replaced.
 */
static void put_safe(FILE *out, const char *text, size_t most)
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

/* "2 critical, 1 warning: user-jump-late, rule-missing", the worst first. */
static char *summary(const struct report *report)
{
	static const enum severity order[] = { SEVERITY_CRITICAL, SEVERITY_UNKNOWN,
					       SEVERITY_WARNING };
	bool named[FINDING_COUNT] = { false };
	const char *separator = ": ";
	struct text text;

	text_open(&text);
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
	bool unknown = findings_count(report->left, DOCKER_ABSENT, family);
	const char *name = family_name(family);
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		wrong += findings_count(report->left, order[i], family);
	fprintf(out, " '%s_order_ok'=%s;;1:1;0;1", name, unknown ? "U" : wrong ? "0" : "1");
	if (unknown)
		fprintf(out, " '%s_rules_missing'=U;;0;0", name);
	else
		fprintf(out, " '%s_rules_missing'=%zu;;0;0", name,
			findings_count(report->left, RULE_MISSING, family));
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
	fprintf(out, " 'time'=%u.%03us;;;0\n", (unsigned int)(ms / 1000),
		(unsigned int)(ms % 1000));
}

static void nagios_line(FILE *out, const struct report *report)
{
	/* The guidelines want less than 80 characters before the bar. */
	int room = 78 - fprintf(out, "DOCKFW %s - ", severity_word(report->status));
	char *text;

	if (report->error)
		text = xstrdup(report->error);
	else if (report_faults(report))
		text = summary(report);
	else
		text = xstrdup(report_only_guard(report) ? "the guard holds the rules"
							 : DOCKER_USER " comes first and holds its rules");
	put_safe(out, text, (size_t)room);
	free(text);
	nagios_perfdata(out, report);
	if (report->error && report->verbosity) {
		put_safe(out, report->error, (size_t)-1);
		fputc('\n', out);
	}
}

static void nagios_finding(FILE *out, const struct finding *finding)
{
	fprintf(out, "%s %s %s: ", severity_name(finding->severity), finding_name(finding->id),
		finding->family < FAMILY_COUNT ? family_name(finding->family) : "host");
	put_safe(out, finding->message, (size_t)-1);
	fputc('\n', out);
}

int report_nagios(FILE *out, const struct report *report)
{
	nagios_line(out, report);
	for (size_t i = 0; report->verbosity && report->left && i < report->left->n; i++)
		nagios_finding(out, &report->left->v[i]);
	return 0;
}
