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
	unsigned int families = guarded(report) | report->guarded_only;

	if (report->families)
		return report->families;
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report_count(report, GUARD_MISSING, (enum family)family))
			families |= 1U << family;
	return families;
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

/* The option with a path, unless that is the usual one. */
static void put_path(FILE *out, const char *option, const char *path, const char *usual)
{
	char *word;

	if (!strcmp(path, usual))
		return;
	word = shell_path(path);
	fprintf(out, " %s %s", option, word);
	free(word);
}

static void put_command(FILE *out, const struct report *report, enum remedy_command command)
{
	static const char *const modes[] = {
		[RUN_REPAIR] = " --repair", [RUN_CHECK_CONFIG] = " --check-config",
		[RUN_CHECK] = "", [RUN_REMOVE] = " --remove",
	};

	fputs("dockfw-check", out);
	put_path(out, "-f", report->config, CONFIG_FILE);
	if (report->backend_option)
		fprintf(out, " -b %s", report->backend_option);
	if (command != RUN_CHECK_CONFIG) {
		if (report->families_option & (1U << FAMILY_IPV4))
			fputs(" -4", out);
		if (report->families_option & (1U << FAMILY_IPV6))
			fputs(" -6", out);
		put_path(out, "--state-folder", report->state_folder, STATE_FOLDER);
	}
	fputs(modes[command], out);
}

char *report_command(const struct report *report, enum remedy_command command)
{
	struct text text;

	text_open(&text);
	put_command(text.out, report, command);
	return text_take(&text);
}

char *report_remedy(const struct report *report, const struct finding *finding)
{
	const struct remedy *remedy = finding->remedy;
	struct text text;

	text_open(&text);
	fputs(remedy->text, text.out);
	if (remedy->command != RUN_NONE)
		put_command(text.out, report, remedy->command);
	fputs(remedy->after ? remedy->after : "", text.out);
	return text_take(&text);
}
