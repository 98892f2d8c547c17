/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "shell_word.h"
#include "text.h"
#include "util.h"

static unsigned int guarded(const struct report *report)
{
	unsigned int families = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		families |= (unsigned int)report->guard[family] << family;
	return families;
}

unsigned int report_held(const struct report *report)
{
	unsigned int families = guarded(report);

	return report->families ? report->families : families ? families : report->guarded_only;
}

bool report_only_guard(const struct report *report)
{
	return !report->families && guarded(report);
}

bool report_holds_nothing(const struct report *report)
{
	return report->policy && !policy_has_rules(report->policy);
}

char *report_where(const struct report *report)
{
	bool ipv4 = report_held(report) & (1U << FAMILY_IPV4);
	bool ipv6 = report_held(report) & (1U << FAMILY_IPV6);

	return xasprintf("%s, %s%s%s", report->backend ? report->backend : "no backend",
			 ipv4 ? "ipv4" : "", ipv4 && ipv6 ? " and " : "",
			 ipv6 ? "ipv6" : ipv4 ? "" : "neither family");
}

size_t report_faults(const struct report *report)
{
	size_t n = 0;

	for (size_t i = 0; report->left && i < report->left->n; i++)
		n += report->left->v[i].severity != SEVERITY_OK;
	return n;
}

size_t report_edits(const struct report *report)
{
	return (report->edits ? report->edits->n : 0) + (report->later ? report->later->n : 0);
}

size_t report_count(const struct report *report, enum finding_id id, enum family family)
{
	return findings_count(report->left, id, family) +
	       findings_count(report->ignored, id, family);
}

char *report_ignored(const struct report *report)
{
	const struct findings *ignored = report->ignored;
	bool named[FINDING_COUNT] = { false };
	struct text ids;
	char *list, *text;
	size_t n = 0;

	text_open(&ids);
	for (size_t i = 0; ignored && i < ignored->n; i++) {
		enum finding_id id = ignored->v[i].id;

		if (ignored->v[i].severity == SEVERITY_OK || named[id])
			continue;
		named[id] = true;
		fprintf(ids.out, "%s%s", n++ ? ", " : "", finding_name(id));
	}
	list = text_take(&ids);
	text = n ? xasprintf("%zu finding%s ignored: %s", n, n == 1 ? "" : "s", list) : NULL;
	free(list);
	return text;
}

char *report_remedy(const struct report *report, const struct finding *finding)
{
	const struct remedy *remedy = finding->remedy;
	struct text text;

	text_open(&text);
	fputs(remedy->text, text.out);
	if (remedy->repair) {
		fputs("dockfw-check", text.out);
		if (strcmp(report->config, CONFIG_FILE) != 0) {
			char *file = shell_path(report->config);

			fprintf(text.out, " -f %s", file);
			free(file);
		}
		if (report->backend_option)
			fprintf(text.out, " -b %s", report->backend_option);
		if (report->families_option & (1U << FAMILY_IPV4))
			fputs(" -4", text.out);
		if (report->families_option & (1U << FAMILY_IPV6))
			fputs(" -6", text.out);
		fputs(" --repair", text.out);
	}
	fputs(remedy->after ? remedy->after : "", text.out);
	return text_take(&text);
}
