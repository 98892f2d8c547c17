/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chain_listing.h"
#include "docker_chains.h"
#include "text.h"
#include "utf8.h"
#include "util.h"

/* The width of a finding's columns before its message. */
#define MESSAGE_AT 33
/* On a terminal narrower than this, a message starts on a new line. */
#define WIDE 72
#define INDENT 4

static const char *text_colour(const struct report *report, enum severity severity)
{
	static const char *const codes[] = {
		[SEVERITY_OK] = "\033[32m",
		[SEVERITY_WARNING] = "\033[33m",
		[SEVERITY_CRITICAL] = "\033[1;31m",
		[SEVERITY_UNKNOWN] = "\033[35m",
	};

	return report->colour ? codes[severity] : "";
}

static const char *text_colour_end(const struct report *report)
{
	return report->colour ? "\033[0m" : "";
}

/*
 * The priority in the journal follows the severity. What was repaired is a notice, all
 * else is information.
 */
static const char *priority_of(const struct report *report, enum severity severity)
{
	static const char *const prefixes[] = {
		[SEVERITY_OK] = "<6>",
		[SEVERITY_WARNING] = "<4>",
		[SEVERITY_CRITICAL] = "<2>",
		[SEVERITY_UNKNOWN] = "<3>",
	};

	return report->journal ? prefixes[severity] : "";
}

void report_status(FILE *out, const struct report *report, enum severity status)
{
	fprintf(out, "%s%s%s%s: ", priority_of(report, status), text_colour(report, status),
		severity_word(status), text_colour_end(report));
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static size_t configured(const struct report *report)
{
	size_t n = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report_held(report) & (1U << family))
			n += policy_rules(report->policy, (enum family)family);
	return n;
}

/* The status line, which is all that a good run prints. */
static void text_head(FILE *out, const struct report *report, enum severity status)
{
	size_t left = report_faults(report);
	char *where;

	/* An error is already on stderr. */
	if (report->quiet || (report->error && !report->output))
		return;
	report_status(out, report, status);
	if (report->error) {
		fprintf(out, "%s\n", report->error);
		return;
	}
	where = report_where(report);
	if (report->restarted)
		fprintf(out, "restarted docker.service; ");
	if (report->written && report->edits->n)
		fprintf(out, "repaired with %zu edit%s; ", report->edits->n,
			plural(report->edits->n));
	else if (report->dry_run && report->edits->n)
		fprintf(out, "a repair would make %zu edit%s; ", report->edits->n,
			plural(report->edits->n));
	else if (report->repair)
		fprintf(out, "nothing to repair; ");
	if (left)
		fprintf(out, "%zu finding%s (%s)\n", left, plural(left), where);
	else
		fprintf(out, "%s the %zu configured rule%s (%s)\n",
			report_only_guard(report) ? "the guard holds" : DOCKER_USER " comes first and holds",
			configured(report), plural(configured(report)), where);
	free(where);
}

/* Wraps the message between words to fit the terminal. at: characters already on the line. */
static void put_message(FILE *out, const struct report *report, const char *message, size_t at)
{
	size_t indent = report->width < WIDE ? INDENT : MESSAGE_AT;
	char *safe = safe_text(message), *rest = NULL, *word;
	bool first = true;

	if (!report->width) {
		fprintf(out, "%s\n", safe);
		free(safe);
		return;
	}
	if (report->width < WIDE) {
		fprintf(out, "\n%*s", (int)indent, "");
		at = indent;
	}
	for (word = strtok_r(safe, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		size_t length = utf8_count(word);

		if (!first && at + 1 + length > report->width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		fprintf(out, "%s%s", first ? "" : " ", word);
		at += length + !first;
		first = false;
	}
	fputc('\n', out);
	free(safe);
}

static void text_finding(FILE *out, const struct report *report, const struct finding *finding,
			 bool left)
{
	bool of_family = finding->family < FAMILY_COUNT;
	char *message;

	/* What a repair found and cannot repair is among what it left. */
	if (report->quiet || report->error || (!left && !finding->repairable))
		return;
	message = xasprintf("%s%s%s%s", of_family ? family_name(finding->family) : "",
			    of_family ? ": " : "", left ? "" : "was: ", finding->message);
	/* If the message starts on a new line, no padding is needed. */
	fprintf(out, "%s%s%-8s%s  %-*s%s",
		left ? priority_of(report, finding->severity) : report->journal ? "<5>" : "",
		left ? text_colour(report, finding->severity) : "",
		left ? severity_name(finding->severity) : "repaired",
		left ? text_colour_end(report) : "",
		report->width && report->width < WIDE ? 0 : 21, finding_name(finding->id),
		report->width && report->width < WIDE ? "" : "  ");
	put_message(out, report, message, MESSAGE_AT);
	free(message);
}

static void text_findings(FILE *out, const struct report *report, const struct findings *findings,
			 bool left)
{
	for (size_t i = 0; findings && i < findings->n; i++)
		text_finding(out, report, &findings->v[i], left);
}

static bool same_remedy(const struct finding *a, const struct finding *b)
{
	return !strcmp(a->remedy->text, b->remedy->text) && a->remedy->repair == b->remedy->repair &&
	       !strcmp(a->remedy->after ? a->remedy->after : "",
		       b->remedy->after ? b->remedy->after : "");
}

/* Whether one before finding n has the same remedy and, with same_id, the same id. */
static bool reported_before(const struct findings *findings, size_t n, bool same_id)
{
	for (size_t i = 0; i < n; i++)
		if (same_remedy(&findings->v[i], &findings->v[n]) &&
		    (!same_id || findings->v[i].id == findings->v[n].id))
			return true;
	return false;
}

/* Prints the remedies of what is left, each once, after all ids that it is for. */
static void print_remedies(FILE *out, const struct report *report)
{
	const struct findings *left = report->left;

	for (size_t i = 0; i < left->n; i++) {
		char *remedy, *safe;

		if (reported_before(left, i, false))
			continue;
		fprintf(out, "  %s", finding_name(left->v[i].id));
		for (size_t j = i + 1; j < left->n; j++)
			if (same_remedy(&left->v[i], &left->v[j]) &&
			    !reported_before(left, j, true))
				fprintf(out, ", %s", finding_name(left->v[j].id));
		remedy = report_remedy(report, &left->v[i]);
		safe = safe_text(remedy);
		fprintf(out, ": %s\n", safe);
		free(safe);
		free(remedy);
	}
}

/* The listing of the chains if there is reason to show it, else "". The caller frees it. */
static char *listing(const struct report *report, int *status)
{
	bool wrong = report->left && report->left->n;
	struct text text;

	text_open(&text);
	*status = 0;
	if (!report->quiet && !report->error && report->snapshot &&
	    (wrong || report->verbosity || (report->edits && report->edits->n)))
		*status = chain_listing(text.out, report, report->verbosity > 0);
	return text_take(&text);
}

/* "The guard has refused 12 packets over IPv4 and 0 over IPv6": the families that have one. */
static void print_refused(FILE *out, const struct report *report)
{
	size_t named = 0;

	if (report->quiet || report->error || !report->verbosity)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		uint64_t n = report->refused[family];

		if (!report->guard[family])
			continue;
		fprintf(out, "%s%" PRIu64 "%s over %s", named ? " and " : "The guard has refused ", n,
			named ? "" : n == 1 ? " packet" : " packets",
			family_title((enum family)family));
		named++;
	}
	if (named)
		fputc('\n', out);
}

int report_text(FILE *out, const struct report *report)
{
	int failed;
	/* Before the rest: if it is incomplete, the status line says so. */
	char *chains = listing(report, &failed);

	text_head(out, report, failed ? SEVERITY_UNKNOWN : report->status);
	if (report->found != report->left)
		text_findings(out, report, report->found, false);
	text_findings(out, report, report->left, true);
	print_refused(out, report);
	fputs(chains, out);
	free(chains);
	if (!report->quiet && !report->error && report->snapshot && report->left->n) {
		fprintf(out, "\nWhat to do:\n");
		print_remedies(out, report);
	}
	return failed;
}
