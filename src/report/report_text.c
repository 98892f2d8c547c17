/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chain_listing.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "finding_lines.h"
#include "open_texts.h"
#include "rule_texts.h"
#include "text.h"
#include "utf8.h"
#include "util.h"

/* The width of a finding's columns before its message. */
#define MESSAGE_AT 33
/* On a terminal narrower than this, a message starts on a new line. */
#define WIDE 72
#define INDENT 4
/* Where a line about open ports begins, after its word; and how many there are without -v. */
#define OPEN_AT 10
#define OPEN_LINES 10
/* So many entries of another list are shown without -v. */
#define LONG_LIST 20

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

/* "CRITICAL" */
static void put_word(FILE *out, const struct report *report, enum severity status)
{
	bool repaired = status == SEVERITY_OK && report->journal && report->written;

	fprintf(out, "%s%s%s%s", repaired ? "<5>" : priority_of(report, status),
		text_colour(report, status), severity_word(status), text_colour_end(report));
}

void report_status(FILE *out, const struct report *report, enum severity status)
{
	put_word(out, report, status);
	fputs(": ", out);
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

/* What a repair did, or would do; each clause begins with the separator. */
static void put_deeds(FILE *out, const struct report *report, const char **separator)
{
	size_t n = report_edits(report);

	if (report->restarted) {
		fprintf(out, report->dry_run ? "%sa repair would restart docker.service"
					     : "%srestarted docker.service", *separator);
		*separator = "; ";
	}
	if (report->written && n)
		fprintf(out, "%srepaired with %zu edit%s", *separator, n, plural(n));
	else if (report->dry_run && n)
		fprintf(out, "%sa repair would make %zu edit%s", *separator, n, plural(n));
	else if (report->repair && !n && !report_faults(report))
		fprintf(out, "%snothing to repair", *separator);
	else
		return;
	*separator = "; ";
}

/* What is right, if nothing is wrong that is not ignored. */
static void put_right(FILE *out, const struct report *report)
{
	/* Its rules depend on Docker's bridges, and are not counted as configured. */
	bool direct = report->policy && report->policy->direct == DIRECT_REFUSE && !configured(report);

	if (report_holds_nothing(report)) {
		fprintf(out, "no rule is configured: nothing is filtered%s",
			report->families ? "; " DOCKER_USER " comes first" : "");
	} else {
		fprintf(out, "%s %s", report_only_guard(report) ? "the guard holds" :
			DOCKER_USER " comes first and holds", direct ? "direct = \"refuse\"" : "the ");
		if (configured(report) == 1)
			fputs("configured rule", out);
		else if (!direct)
			fprintf(out, "%zu configured rules", configured(report));
	}
}

/*
 * The status line, which is all that a good run prints. Where something is ignored, nothing
 * is claimed that it might contradict.
 */
static void text_head(FILE *out, const struct report *report, enum severity status)
{
	size_t left = report_faults(report);
	const char *separator = " ";
	char *where, *ignored;

	put_word(out, report, status);
	if (report->error && !report->partial) {
		fprintf(out, ": %s\n", report->error);
		return;
	}
	where = report_where(report);
	ignored = report_ignored(report);
	if (report->error) {
		fprintf(out, ": %s", report->error);
		separator = report->left ? "; " : "; apart from that, ";
	} else if (ignored && !left) {
		fprintf(out, ", %s", ignored);
		separator = "; ";
	} else {
		fputc(':', out);
	}
	put_deeds(out, report, &separator);
	if (left) {
		fprintf(out, "%s%zu finding%s%s", separator, left, plural(left),
			report->repair && report->left && !report_edits(report)
				? " that --repair cannot fix" : "");
	} else if (!ignored && report->left) {
		fputs(separator, out);
		put_right(out, report);
	}
	fprintf(out, " (%s)", where);
	if (ignored && (left || report->error))
		fprintf(out, "; %s", ignored);
	fputc('\n', out);
	free(ignored);
	free(where);
}

char *report_state_line(const struct report *report)
{
	struct report plain = *report;
	struct open_lines lines;
	struct text text;
	char *line;

	plain.colour = plain.journal = false;
	text_open(&text);
	text_head(text.out, &plain, plain.status);
	line = text_take(&text);
	line[strcspn(line, "\n")] = '\0';
	open_lines_make(&lines, report->error ? NULL : report->open);
	if (lines.n && !lines.v[0].maybe) {
		char *longer = xasprintf("%s; %s", line, lines.v[0].text);

		free(line);
		line = longer;
	}
	open_lines_clear(&lines);
	return line;
}

/* Wraps the message between words to fit the terminal. at: characters already on the line. */
static void put_message(FILE *out, const struct report *report, const char *message, size_t at)
{
	size_t indent = report->width < WIDE ? INDENT : at;
	char *safe = safe_text(message), *rest = NULL, *word;
	bool first = true;

	if (!report->width) {
		fprintf(out, "%s\n", safe);
		free(safe);
		return;
	}
	if (report->width < WIDE && at) {
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

enum shown { SHOWN_LEFT, SHOWN_REPAIRED, SHOWN_IGNORED };

/* Whether the same is still found after the repair. */
static bool is_left(const struct findings *left, const struct finding *finding)
{
	for (size_t i = 0; i < left->n; i++) {
		const struct finding *other = &left->v[i];

		if (other->id == finding->id && other->family == finding->family &&
		    !strcmp(other->chain ? other->chain : "", finding->chain ? finding->chain : "") &&
		    !strcmp(other->message, finding->message))
			return true;
	}
	return false;
}

static void text_finding(FILE *out, const struct report *report, const struct finding_line *line,
			 enum shown shown)
{
	const struct finding *finding = line->finding;
	bool of_family = finding->family < FAMILY_COUNT, left = shown == SHOWN_LEFT;
	bool repaired = shown == SHOWN_REPAIRED;
	char *message;

	/* What a repair found and cannot repair, or could not, is among what it left. */
	if (repaired && (!finding->repairable || is_left(report->left, finding)))
		return;
	message = xasprintf("%s%s%s%s", of_family ? family_name(finding->family) : "",
			    of_family ? ": " : "", repaired ? "was: " : "", line->message);
	/* If the message starts on a new line, no padding is needed. */
	fprintf(out, "%s%s%-8s%s  %-*s%s",
		left ? priority_of(report, finding->severity) : report->journal ? "<5>" : "",
		left ? text_colour(report, finding->severity) : "",
		left ? severity_name(finding->severity) : repaired ? "repaired" : "ignored",
		left ? text_colour_end(report) : "",
		report->width && report->width < WIDE ? 0 : 21, finding_name(finding->id),
		report->width && report->width < WIDE ? "" : "  ");
	put_message(out, report, message, MESSAGE_AT);
	free(message);
}

static void text_findings(FILE *out, const struct report *report, const struct findings *findings,
			 enum shown shown, const struct named_rules *texts)
{
	struct finding_place place = finding_place_of(report, shown != SHOWN_REPAIRED, texts);
	struct finding_lines lines;

	finding_lines_make(&lines, findings, &place, !report->verbosity);
	for (size_t i = 0; i < lines.n; i++)
		text_finding(out, report, &lines.v[i], shown);
	finding_lines_clear(&lines);
}

static bool same_remedy(const struct finding *a, const struct finding *b)
{
	return !strcmp(a->remedy->text, b->remedy->text) &&
	       a->remedy->command == b->remedy->command &&
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

/* What is open: before the findings, which say why. */
static void print_open(FILE *out, const struct report *report)
{
	struct open_lines lines;
	char *rest = open_rest(report->open);
	size_t shown = 0, ports = 0;

	open_lines_make(&lines, report->open);
	for (size_t i = 0; i < lines.n; i++) {
		const struct open_line *line = &lines.v[i];
		enum severity severity = line->maybe ? SEVERITY_WARNING : SEVERITY_CRITICAL;
		char *message;

		if (shown >= OPEN_LINES && !report->verbosity) {
			ports += line->n;
			continue;
		}
		shown++;
		message = xasprintf("%s: %s%s%s", family_name(line->family), line->text,
				    line->why ? ": " : "", line->why ? line->why : "");
		fprintf(out, "%s%s%-8s%s  ", priority_of(report, severity),
			text_colour(report, severity), line->maybe ? "maybe" : "open",
			text_colour_end(report));
		put_message(out, report, message, OPEN_AT);
		free(message);
	}
	if (ports)
		fprintf(out, "%sand %zu more port%s: -v shows them\n",
			priority_of(report, SEVERITY_CRITICAL), ports, plural(ports));
	if (rest) {
		fputs(priority_of(report, SEVERITY_WARNING), out);
		put_message(out, report, rest, 0);
	} else if (report->open && !lines.n && report->open->ports && !report->open->unknown) {
		put_message(out, report, report->policy && report->policy->direct == DIRECT_REFUSE
			    ? "No published port was found open to a source that the configuration refuses; "
			      "containers' own addresses were not looked at: --exposure does"
			    : "No published port was found open to a source that the configuration refuses", 0);
	}
	open_lines_clear(&lines);
	free(rest);
}

static bool has_remedies(const struct report *report)
{
	for (size_t i = 0; i < report->left->n; i++)
		if (!report->preview || !report->left->v[i].repairable)
			return true;
	return false;
}

/* Prints the remedies of what is left, each once, after all ids that it is for. */
static void print_remedies(FILE *out, const struct report *report, const struct findings *left)
{
	for (size_t i = 0; i < left->n; i++) {
		char *remedy, *safe;

		if (reported_before(left, i, false) || (report->preview && left->v[i].repairable))
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

/* What was written after the first write, on tables that had changed. Returns 0 or -1, reported. */
static int print_later(FILE *out, const struct report *report)
{
	const struct edits *later = report->later;
	char **texts;
	int status;

	if (!later || !later->n)
		return 0;
	texts = xcalloc(later->n, sizeof(*texts));
	status = edits_texts(later, texts);
	fprintf(out, "\nThe tables changed again; written after that, in this order:\n");
	for (size_t i = 0; i < later->n; i++) {
		if (i < LONG_LIST || report->verbosity) {
			fputs("  ", out);
			edit_put(out, &later->v[i], texts[i]);
			fputc('\n', out);
		}
		free(texts[i]);
	}
	if (later->n > LONG_LIST && !report->verbosity)
		fprintf(out, "  and %zu more edits: -v shows them\n", later->n - LONG_LIST);
	free(texts);
	return status;
}

/* With a heading that says what the signs before the rules mean. */
static int list_chains(FILE *out, const struct report *report)
{
	struct text text;
	char *list;
	int status;

	text_open(&text);
	status = chain_listing(text.out, report, report->verbosity > 0);
	list = text_take(&text);
	if (*list && report->edits && report->edits->n) {
		fputs(report->written ? "\nWhat was changed" : "\nWhat a repair would change", out);
		if (!report->width || report->width >= WIDE)
			fputs(report->written ? " (- deleted, + inserted), with the numbers from before" :
						" (- deletes, + inserts)", out);
		fputs(":\n", out);
	}
	fputs(list, out);
	free(list);
	return status;
}

/* The listing of the chains if there is reason to show it, else "". The caller frees it. */
static char *listing(const struct report *report, int *status)
{
	bool wrong = report->left && report->left->n;
	struct text text;

	text_open(&text);
	*status = 0;
	if (report->snapshot && (wrong || report->verbosity || (report->repair && report->edits->n)))
		*status = list_chains(text.out, report);
	*status |= print_later(text.out, report);
	return text_take(&text);
}

/* Who loses or gains access by the edits. */
static void print_who(FILE *out, const struct report *report, const struct access_changes *who,
		      const char *heading)
{
	/* As the listing: not where the status line says everything. */
	if (!who || !who->n ||
	    (!report->repair && !report->verbosity && (!report->left || !report->left->n)))
		return;
	fprintf(out, "\nWho %s access:\n", heading);
	for (size_t i = 0; i < who->n && (i < LONG_LIST || report->verbosity); i++) {
		char *safe = safe_text(who->v[i].message);

		fprintf(out, "  %s: %s\n", family_name(who->v[i].family), safe);
		free(safe);
	}
	if (who->n > LONG_LIST && !report->verbosity)
		fprintf(out, "  and %zu more: -v shows them\n", who->n - LONG_LIST);
}

/* "The guard has refused 12 packets over IPv4 and 0 over IPv6": the families that have one. */
static void print_refused(FILE *out, const struct report *report)
{
	size_t named = 0;

	if (!report->verbosity)
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

/* What follows the status line. */
static void text_body(FILE *out, const struct report *report, const char *chains,
		      const struct named_rules *texts)
{
	print_open(out, report);
	/* What is left is not known without it: then nothing is called repaired. */
	if (report->left && report->found != report->left)
		text_findings(out, report, report->found, SHOWN_REPAIRED, texts);
	text_findings(out, report, report->left, SHOWN_LEFT, texts);
	if (report->verbosity)
		text_findings(out, report, report->ignored, SHOWN_IGNORED, texts);
	print_refused(out, report);
	if (chains)
		fputs(chains, out);
	print_who(out, report, report->losses, report->written ? "has lost" : "would lose");
	print_who(out, report, report->gains, report->written ? "has gained" : "would gain");
	if (report->left && has_remedies(report)) {
		fprintf(out, "\nWhat to do:\n");
		print_remedies(out, report, report->left);
	}
}

static bool has_body(const struct report *report)
{
	return !report->quiet && (!report->error || report->partial);
}

int report_text(FILE *out, const struct report *report)
{
	struct report shown = *report;
	int failed = 0;
	/* Before the rest: if it is incomplete, the status line says so. */
	char *chains = has_body(report) ? listing(report, &failed) : NULL;
	struct named_rules texts = { 0 };

	if (has_body(report) && !failed)
		failed = finding_lines_texts(report, !report->verbosity, &texts);
	if (failed)
		shown.status = SEVERITY_UNKNOWN;
	/* Past the time limit, a report is as after any error: it has no part of the chains. */
	if (failed && deadline_check()) {
		shown.error = diag_first_error();
		shown.partial |= report->written;
		*chains = '\0';
	}
	/* An error is already on stderr. */
	if (!shown.quiet && (!shown.error || shown.output || shown.partial))
		text_head(out, &shown, shown.status);
	if (has_body(&shown))
		text_body(out, &shown, chains, &texts);
	named_rules_clear(&texts);
	free(chains);
	return failed;
}
