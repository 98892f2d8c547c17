/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <stdlib.h>

#include "diag.h"
#include "report.h"

/* Built up while the report goes by; one report a process. */
static struct {
	json_t *root, *found, *findings, *edits;
} doc;

static void set(json_t *object, const char *key, json_t *value)
{
	json_set_checked(object, key, value);
}

static void json_head(FILE *out, const struct report *report)
{
	json_t *families = json_made(json_array());

	(void)out;
	doc.root = json_made(json_object());
	doc.found = json_made(json_array());
	doc.findings = json_made(json_array());
	doc.edits = json_made(json_array());
	set(doc.root, "status", json_text(severity_name(report->status)));
	set(doc.root, "exit", json_made(json_integer(report->status)));
	set(doc.root, "version", json_text(VERSION));
	set(doc.root, "backend", json_text(report->backend));
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report->families & (1U << family))
			json_append_checked(families, json_text(family_name((enum family)family)));
	set(doc.root, "families", families);
	set(doc.root, "error", json_text(report->error));
}

static void json_finding(FILE *out, const struct report *report, const struct finding *finding,
			 bool left)
{
	json_t *object = json_made(json_object());
	char *remedy = report_remedy(report, finding);

	(void)out;
	set(object, "id", json_text(finding_name(finding->id)));
	set(object, "severity", json_text(severity_name(finding->severity)));
	set(object, "family",
	    json_text(finding->family < FAMILY_COUNT ? family_name(finding->family) : NULL));
	set(object, "table", json_text(finding->table));
	set(object, "chain", json_text(finding->chain));
	set(object, "rule", finding->rule ? json_made(json_integer((json_int_t)finding->rule))
					  : json_null());
	set(object, "message", json_text(finding->message));
	set(object, "remedy", json_text(remedy));
	free(remedy);
	set(object, "repairable", json_boolean(finding->repairable));
	json_append_checked(left ? doc.findings : doc.found, object);
}

static void json_edit(FILE *out, const struct report *report, const struct edit *edit,
		      const char *rule)
{
	json_t *object = json_made(json_object());

	(void)out;
	(void)report;
	set(object, "op", json_text(edit_op_name(edit->op)));
	set(object, "family", json_text(family_name(edit->family)));
	set(object, "table", json_text(edit->table));
	set(object, "chain", json_text(edit->chain));
	set(object, "position",
	    edit->position ? json_made(json_integer((json_int_t)edit->position)) : json_null());
	set(object, "rule", json_text(rule));
	json_append_checked(doc.edits, object);
}

static void json_tail(FILE *out, const struct report *report)
{
	/* What a repair met, beside what it left. */
	if (report->found != report->left)
		set(doc.root, "found", json_incref(doc.found));
	set(doc.root, "findings", doc.findings);
	set(doc.root, "edits", doc.edits);
	set(doc.root, "written", json_boolean(report->written));
	json_write(doc.root, out);
	json_decref(doc.found);
}

const struct output output_json = {
	.head = json_head,
	.finding = json_finding,
	.edit = json_edit,
	.tail = json_tail,
};
