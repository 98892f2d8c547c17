/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_json.h"

#include <stdlib.h>

#include "diag.h"
#include "finding_lines.h"
#include "json.h"
#include "open_texts.h"
#include "rule_texts.h"
#include "util.h"

static void set(json_t *object, const char *key, json_t *value)
{
	json_set_checked(object, key, value);
}

static json_t *number_or_null(size_t number)
{
	return number ? json_made(json_integer((json_int_t)number)) : json_null();
}

json_t *report_families_json(const struct report *report)
{
	json_t *array = json_made(json_array());

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (report_held(report) & (1U << family))
			json_append_checked(array, json_text(family_name((enum family)family)));
	return array;
}

/* What the guard has refused, by the families that have one. */
static json_t *guards(const struct report *report)
{
	json_t *object = json_made(json_object());

	for (int family = 0; family < FAMILY_COUNT; family++) {
		json_t *guard;

		if (!report->guard[family])
			continue;
		guard = json_made(json_object());
		set(guard, "refused", json_made(json_integer((json_int_t)report->refused[family])));
		set(object, family_name((enum family)family), guard);
	}
	return object;
}

static json_t *one_finding(const struct report *report, const struct finding *finding,
			   const struct finding_place *place)
{
	const struct rule *rule = finding_rule(place->snapshot, finding);
	json_t *object = json_made(json_object());
	char *remedy = report_remedy(report, finding);

	set(object, "id", json_text(finding_name(finding->id)));
	set(object, "severity", json_text(severity_name(finding->severity)));
	set(object, "family",
	    json_text(finding->family < FAMILY_COUNT ? family_name(finding->family) : NULL));
	set(object, "table", json_text(finding->table));
	set(object, "chain", json_text(finding->chain));
	set(object, "rule", number_or_null(finding->rule));
	set(object, "text", json_text(rule && !rule->opaque ? named_rules_find(place->texts, rule) : NULL));
	set(object, "handle", number_or_null(rule && rule->opaque ? rule->handle : 0));
	set(object, "message", json_text(finding->message));
	set(object, "remedy", json_text(remedy));
	free(remedy);
	set(object, "repairable", json_boolean(finding->repairable));
	return object;
}

static json_t *all_findings(const struct report *report, const struct findings *findings,
			    const struct named_rules *texts)
{
	struct finding_place place = finding_place_of(report, findings != report->found ||
						      findings == report->left, texts);
	json_t *array = json_made(json_array());

	for (size_t i = 0; findings && i < findings->n; i++)
		json_append_checked(array, one_finding(report, &findings->v[i], &place));
	return array;
}

static json_t *one_edit(const struct edit *edit, const char *rule)
{
	json_t *object = json_made(json_object());

	set(object, "op", json_text(edit_op_name(edit->op)));
	set(object, "family", json_text(family_name(edit->family)));
	set(object, "table", json_text(edit->table));
	set(object, "chain", json_text(edit->chain));
	set(object, "position", number_or_null(edit->position));
	set(object, "rule", json_text(rule));
	if (edit->op == EDIT_POLICY)
		set(object, "policy", json_text(edit_policy_name(edit)));
	return object;
}

json_t *report_edits_json(const struct edits *edits, bool *failed)
{
	json_t *array = json_made(json_array());
	size_t n = edits ? edits->n : 0;
	char **texts = xcalloc(n, sizeof(*texts));

	*failed = n && edits_texts(edits, texts) != 0;
	for (size_t i = 0; i < n; i++) {
		json_append_checked(array, one_edit(&edits->v[i], texts[i]));
		free(texts[i]);
	}
	free(texts);
	return array;
}

/* Who loses or gains access by the edits: the rules of others that decided before. */
static json_t *access_of(const struct access_changes *who)
{
	json_t *array = json_made(json_array());

	for (size_t i = 0; who && i < who->n; i++) {
		json_t *object = json_made(json_object());

		set(object, "family", json_text(family_name(who->v[i].family)));
		set(object, "table", json_text("filter"));
		set(object, "chain", json_text(who->v[i].chain));
		set(object, "rule", number_or_null(who->v[i].rule));
		set(object, "message", json_text(who->v[i].message));
		json_append_checked(array, object);
	}
	return array;
}

int report_json(FILE *out, const struct report *report)
{
	json_t *root = json_made(json_object()), *edits, *later;
	struct named_rules texts;
	enum severity status;
	bool failed, later_failed;

	/* Before the rest: if a rule has no text, the document says that it is incomplete. */
	edits = report_edits_json(report->edits, &failed);
	later = report_edits_json(report->later, &later_failed);
	failed |= later_failed;
	failed |= finding_lines_texts(report, false, &texts) != 0;
	status = failed ? SEVERITY_UNKNOWN : report->status;
	set(root, "status", json_text(severity_name(status)));
	set(root, "exit", json_made(json_integer(status)));
	set(root, "version", json_text(VERSION));
	set(root, "backend", json_text(report->backend));
	set(root, "families", report_families_json(report));
	set(root, "error", json_text(report->error || !failed ? report->error : diag_first_error()));
	/* What a repair found, in addition to what it left. */
	if (report->found != report->left)
		set(root, "found", all_findings(report, report->found, &texts));
	set(root, "findings", all_findings(report, report->left, &texts));
	set(root, "ignored", all_findings(report, report->ignored, &texts));
	set(root, "open_ports", open_ports_json(report->open));
	set(root, "guard", guards(report));
	set(root, "edits", edits);
	set(root, "later_edits", later);
	set(root, "losses", access_of(report->losses));
	set(root, "gains", access_of(report->gains));
	set(root, "written", json_boolean(report->written));
	/* With --dry-run: it would be. */
	set(root, "docker_restarted", json_boolean(report->restarted));
	json_write(root, out);
	named_rules_clear(&texts);
	return failed ? -1 : 0;
}
