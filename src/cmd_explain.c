/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_explain.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "put_file.h"
#include "utf8.h"
#include "util.h"

#define LINE_WIDTH 78
#define LEAD 33       /* columns before the text in the list */
#define TEXT_LEAST 20 /* shown on the narrowest terminal */

static const struct explanation *explanation_of(const char *id)
{
	for (size_t i = 0; i < explanations_n; i++)
		if (!strcmp(explanations[i].id, id))
			return &explanations[i];
	return NULL;
}

/* Fills lines with the words of the text; an empty line ends a paragraph. */
static void put_paragraphs(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " \n");

		if (column && column + 1 + length > LINE_WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (length)
			column += (size_t)printf("%s%.*s", column ? " " : "", (int)length, text);
		text += length;
		if (text[0] == '\n' && text[1] == '\n') {
			printf("\n\n");
			column = 0;
		}
		text += strspn(text, " \n");
	}
	if (column)
		putchar('\n');
}

static int end_of_output(void)
{
	return output_end() ? SEVERITY_UNKNOWN : SEVERITY_OK;
}

int cmd_explain(const struct options *options)
{
	const char *name = finding_name(options->explain);
	const struct explanation *found = explanation_of(name);
	const struct remedy *remedy = finding_remedy(options->explain);

	printf("%s (%s%s)\n\n", name, finding_can_be_critical(options->explain) ? "up to " : "",
	       finding_can_be_critical(options->explain) ? "critical" : found ? found->severity : "");
	put_paragraphs(found ? found->text : "");
	printf("\nWhat to do: %s%s%s\n", remedy->text, remedy->command == RUN_REPAIR
	       ? "dockfw-check --repair" : remedy->command == RUN_CHECK_CONFIG
	       ? "dockfw-check --check-config" : "", remedy->after ? remedy->after : "");
	return end_of_output();
}

/* The first sentence is what a finding is about. The caller frees it. */
static char *first_sentence(const char *text)
{
	const char *end = strstr(text, ".\n");
	char *sentence = xasprintf("%.*s", (int)(end ? end - text : (ptrdiff_t)strlen(text)), text);

	for (char *c = sentence; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return sentence;
}

int cmd_list_findings(const struct options *options)
{
	unsigned int width = output_width(options->output);

	for (int id = 0; id < FINDING_COUNT; id++) {
		const char *name = finding_name((enum finding_id)id);
		const struct explanation *found = explanation_of(name);
		char *text = first_sentence(found ? found->text : "");

		printf("%-9s %-22s ",
		       finding_can_be_critical((enum finding_id)id) ? "critical"
		       : found ? found->severity : "", name);
		utf8_put(stdout, text, width > LEAD + TEXT_LEAST ? width - LEAD : width ? TEXT_LEAST : SIZE_MAX);
		putchar('\n');
		free(text);
	}
	return end_of_output();
}
