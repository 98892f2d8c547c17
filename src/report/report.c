/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "paths.h"
#include "put_file.h"
#include "rulespec.h"
#include "text.h"
#include "util.h"

static const struct output *const outputs[] = {
	[FORMAT_TEXT] = &output_text,
	[FORMAT_NAGIOS] = &output_nagios,
	[FORMAT_JSON] = &output_json,
	[FORMAT_PROMETHEUS] = &output_prometheus,
};

size_t policy_rules(const struct policy *policy, enum family family)
{
	size_t n = 0;

	for (size_t i = 0; policy && i < policy->nchains; i++)
		n += policy->chains[i]->rules[family].n;
	return n;
}

const char *edit_op_name(enum edit_op op)
{
	static const char *const names[] = {
		[EDIT_CREATE] = "create",
		[EDIT_INSERT] = "insert",
		[EDIT_DELETE] = "delete",
		[EDIT_DROP] = "drop",
	};

	return names[op];
}

char *report_where(const struct report *report)
{
	bool ipv4 = report->families & (1U << FAMILY_IPV4);
	bool ipv6 = report->families & (1U << FAMILY_IPV6);

	return xasprintf("%s, %s%s%s", report->backend ? report->backend : "no backend",
			 ipv4 ? "ipv4" : "", ipv4 && ipv6 ? " and " : "",
			 ipv6 ? "ipv6" : ipv4 ? "" : "no family of Docker's");
}

/* A word as a shell takes it for one. */
static char *shell_word(const char *word)
{
	char *quoted, *to;

	if (!word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")] &&
	    *word)
		return xstrdup(word);
	quoted = to = xcalloc(4 * strlen(word) + 3, 1);
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *word;
	}
	*to = '\'';
	return quoted;
}

char *report_remedy(const struct report *report, const struct finding *finding)
{
	const struct remedy *remedy = finding->remedy;
	const struct options *options = report->options;
	struct text text;

	text_open(&text);
	fputs(remedy->text, text.out);
	if (remedy->repair) {
		fputs("dockfw-check", text.out);
		if (strcmp(options->config, CONFIG_FILE) != 0) {
			char *file = shell_word(options->config);

			fprintf(text.out, " -f %s", file);
			free(file);
		}
		if (options->backend)
			fprintf(text.out, " -b %s", options->backend);
		if (options->families & (1U << FAMILY_IPV4))
			fputs(" -4", text.out);
		if (options->families & (1U << FAMILY_IPV6))
			fputs(" -6", text.out);
		fputs(" --repair", text.out);
	}
	fputs(remedy->after ? remedy->after : "", text.out);
	return text_take(&text);
}

/* The texts of the edits' rules, in the order of the edits; NULL for chains. */
static char **edit_texts(const struct edits *edits)
{
	char **texts = xcalloc(edits->n, sizeof(*texts));

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct rule **rules = xcalloc(edits->n, sizeof(*rules));
		char **printed = xcalloc(edits->n, sizeof(*printed));
		size_t n = 0;

		for (size_t i = 0; i < edits->n; i++)
			if (edits->v[i].rule && (int)edits->v[i].family == family)
				rules[n++] = edits->v[i].rule;
		if (n && rulespec_print((enum family)family, rules, n, printed) == 0) {
			n = 0;
			for (size_t i = 0; i < edits->n; i++)
				if (edits->v[i].rule && (int)edits->v[i].family == family)
					texts[i] = printed[n++];
		}
		free(rules);
		free(printed);
	}
	return texts;
}

static void write_findings(FILE *out, const struct output *output, const struct report *report,
			   const struct findings *findings, bool left)
{
	for (size_t i = 0; findings && i < findings->n; i++)
		output->finding(out, report, &findings->v[i], left);
}

static int write_to(FILE *out, void *data)
{
	const struct report *report = data;
	const struct output *output = outputs[report->options->format];

	if (output->head)
		output->head(out, report);
	if (output->finding) {
		if (report->found != report->left)
			write_findings(out, output, report, report->found, false);
		write_findings(out, output, report, report->left, true);
	}
	if (output->edit && report->edits && report->edits->n) {
		char **texts = edit_texts(report->edits);

		for (size_t i = 0; i < report->edits->n; i++) {
			output->edit(out, report, &report->edits->v[i], texts[i]);
			free(texts[i]);
		}
		free(texts);
	}
	if (output->tail)
		output->tail(out, report);
	return 0;
}

/* Colour and width are of a terminal alone, priorities of the journal. */
static void look_at_stdout(struct report *report)
{
	const char *path = report->options->output;

	report->journal = !path && diag_journal(STDOUT_FILENO);
	report->colour = output_colour(path);
	report->width = output_width(path);
}

int report_write(struct report *report)
{
	look_at_stdout(report);
	/* That the report itself cannot be written is for stderr in every format. */
	diag_release(false);
	return output_put(report->options->output, write_to, report);
}
