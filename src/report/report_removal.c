/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_removal.h"

#include <stdlib.h>
#include <string.h>

#include "chain_listing.h"
#include "diag.h"
#include "docker_chains.h"
#include "put_file.h"
#include "report_json.h"
#include "report_text.h"
#include "report_write.h"
#include "rule_texts.h"
#include "text.h"
#include "utf8.h"
#include "util.h"

/* The texts of the rules that stay; the caller clears them. Returns 0, or -1, reported. */
static int kept_texts(const struct removal_report *removal, struct named_rules *texts)
{
	*texts = (struct named_rules){ 0 };
	for (size_t p = 0; p < removal->n; p++)
		for (size_t i = 0; i < removal->parts[p].kept->n; i++)
			named_rules_add(texts, removal->parts[p].kept->v[i].rule);
	return named_rules_make(texts);
}

/* After an error only what was written before it: the rest was planned and not done. */
static bool is_shown(const struct removal_report *removal, const struct removed *part)
{
	return !removal->common.error || part->written;
}

static bool any_written(const struct removal_report *removal)
{
	for (size_t p = 0; p < removal->n; p++)
		if (removal->parts[p].written)
			return true;
	return false;
}

/* ---- text ---- */

static void removal_head(FILE *out, const struct removal_report *removal, enum severity status)
{
	const struct report *report = &removal->common;
	char *where = report_where(report);
	size_t n = 0;

	for (size_t p = 0; p < removal->n; p++)
		if (is_shown(removal, &removal->parts[p]))
			n += removal->parts[p].edits->n;
	report_status(out, report, status);
	if (report->error)
		fprintf(out, "%s%s", report->error, n ? "; before that, " : "");
	if (n && report->dry_run)
		fprintf(out, "a removal would make %zu edit%s; %s would no longer be held (%s)", n,
			n == 1 ? "" : "s", DOCKER_USER, where);
	else if (n)
		fprintf(out, "removed with %zu edit%s; %s is no longer held (%s)", n,
			n == 1 ? "" : "s", DOCKER_USER, where);
	else if (!report->error)
		fprintf(out, "nothing to remove (%s)", where);
	fputc('\n', out);
	free(where);
}

static void text_kept(FILE *out, const struct removal_report *removal,
		      const struct named_rules *texts)
{
	for (size_t p = 0; p < removal->n; p++) {
		const struct rule_places *kept = removal->parts[p].kept;

		for (size_t i = 0; i < kept->n; i++) {
			char *rule = safe_text(named_rules_find(texts, kept->v[i].rule));

			fprintf(out, "%skept      %s: %s holds a configured rule without the mark: %s\n",
				removal->common.journal ? "<5>" : "",
				family_name(kept->v[i].table->family), kept->v[i].chain->name, rule);
			free(rule);
		}
	}
}

static bool has_edits_in_both(const struct removal_report *removal)
{
	size_t n = 0;

	for (size_t p = 0; p < removal->n; p++)
		n += is_shown(removal, &removal->parts[p]) && removal->parts[p].edits->n;
	return n > 1;
}

/* The chains as they were, and what goes. Sets *status if rules could not be printed. */
static char *removal_listing(const struct removal_report *removal, int *status)
{
	bool both = has_edits_in_both(removal);
	struct text text;

	text_open(&text);
	for (size_t p = 0; p < removal->n; p++) {
		const struct removed *part = &removal->parts[p];
		struct report report = removal->common;

		if (!is_shown(removal, part))
			continue;
		report.snapshot = report.own = part->snapshot;
		report.edits = part->edits;
		report.written = part->written;
		if (both)
			fprintf(text.out, "\nin the %s tables:\n", part->backend);
		*status |= chain_listing_changes(text.out, &report);
	}
	return text_take(&text);
}

static int removal_text(FILE *out, const struct removal_report *removal)
{
	const struct report *report = &removal->common;
	struct named_rules texts = { 0 };
	char *listing;
	int status = 0;

	/* An error is already on stderr. */
	if (report->quiet || (report->error && !report->output && !any_written(removal)))
		return 0;
	if (!report->error)
		status = kept_texts(removal, &texts);
	listing = removal_listing(removal, &status);
	removal_head(out, removal, status ? SEVERITY_UNKNOWN : report->status);
	if (!report->error)
		text_kept(out, removal, &texts);
	fputs(listing, out);
	free(listing);
	named_rules_clear(&texts);
	return status;
}

/* ---- JSON ---- */

static json_t *removal_edits(const struct removal_report *removal, bool *failed)
{
	json_t *array = json_made(json_array());

	*failed = false;
	for (size_t p = 0; p < removal->n; p++) {
		const struct removed *part = &removal->parts[p];
		json_t *edits;
		bool missing;

		if (!is_shown(removal, part))
			continue;
		edits = report_edits_json(part->edits, &missing);
		*failed |= missing;
		for (size_t i = 0; i < json_array_size(edits); i++)
			json_set_checked(json_array_get(edits, i), "backend",
					 json_text(part->backend));
		if (json_array_extend(array, edits))
			json_made(NULL);
		json_decref(edits);
	}
	return array;
}

static json_t *removal_kept(const struct removal_report *removal, const struct named_rules *texts)
{
	json_t *array = json_made(json_array());

	for (size_t p = 0; p < removal->n; p++) {
		const struct removed *part = &removal->parts[p];

		for (size_t i = 0; i < part->kept->n; i++) {
			const struct rule_place *place = &part->kept->v[i];
			json_t *object = json_made(json_object());

			json_set_checked(object, "backend", json_text(part->backend));
			json_set_checked(object, "family",
					 json_text(family_name(place->table->family)));
			json_set_checked(object, "table", json_text(place->table->name));
			json_set_checked(object, "chain", json_text(place->chain->name));
			json_set_checked(object, "rule",
					 json_text(named_rules_find(texts, place->rule)));
			json_append_checked(array, object);
		}
	}
	return array;
}

static int removal_json(FILE *out, const struct removal_report *removal)
{
	const struct report *report = &removal->common;
	json_t *root = json_made(json_object()), *edits, *kept;
	struct named_rules texts;
	enum severity status;
	bool failed;
	int unnamed;

	/* Before the rest: if a rule has no text, the document says that it is incomplete. */
	edits = removal_edits(removal, &failed);
	unnamed = kept_texts(removal, &texts);
	kept = removal_kept(removal, &texts);
	named_rules_clear(&texts);
	failed |= unnamed != 0;
	status = failed ? SEVERITY_UNKNOWN : report->status;
	json_set_checked(root, "status", json_text(severity_name(status)));
	json_set_checked(root, "exit", json_made(json_integer(status)));
	json_set_checked(root, "version", json_text(VERSION));
	json_set_checked(root, "families", report_families_json(report));
	json_set_checked(root, "error",
			 json_text(report->error || !failed ? report->error : diag_first_error()));
	json_set_checked(root, "kept", kept);
	json_set_checked(root, "edits", edits);
	json_set_checked(root, "written", json_boolean(any_written(removal)));
	json_write(root, out);
	return failed ? -1 : 0;
}

/* ---- both ---- */

struct writing {
	struct removal_report *removal;
	int status;
};

static int write_removal(FILE *out, void *data)
{
	struct writing *writing = data;

	report_fit(&writing->removal->common);
	writing->status = writing->removal->common.format == FORMAT_JSON
				  ? removal_json(out, writing->removal)
				  : removal_text(out, writing->removal);
	return 0;
}

int report_removal_write(struct removal_report *removal)
{
	struct writing writing = { .removal = removal };
	int (*put)(const char *path, int (*write)(FILE *out, void *data), void *data) =
		removal->common.format == FORMAT_JSON ? output_put : output_put_text;

	return put(removal->common.output, write_removal, &writing) || writing.status ? -1 : 0;
}
