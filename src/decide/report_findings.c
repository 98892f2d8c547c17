/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_findings.h"

#include <string.h>

#include "docker_chains.h"
#include "util.h"

/* Adds one finding for all findings of a family, with the message of the critical one. */
static void add_absent(struct findings *shown, const struct findings *all,
		       const struct finding *critical)
{
	struct finding *finding = findings_add_at(
		shown, DOCKER_ABSENT, SEVERITY_UNKNOWN, critical->family, NULL, 0,
		xasprintf("%s, and %s is not as configured: %s",
			  findings_count(all, DOCKER_ELSEWHERE, FAMILY_COUNT) ?
			  "no Docker of this network namespace runs or has chains" :
			  "Docker does not run and has no chains",
			  DOCKER_USER, critical->message));

	finding->repairable = false;
	for (size_t i = 0; i < all->n; i++)
		finding->repairable |= all->v[i].absent && all->v[i].family == critical->family &&
				       all->v[i].repairable;
}

bool report_ignores(const struct policy *policy, enum finding_id id)
{
	return strings_has(&policy->ignore, finding_name(id));
}

void report_findings(struct findings *findings, const struct policy *policy,
		     struct findings *ignored)
{
	struct findings kept = { 0 }, shown = { 0 }, rest = { 0 };
	struct findings *aside = ignored ? ignored : &rest;
	const struct finding *critical[FAMILY_COUNT] = { NULL };

	for (size_t i = 0; i < findings->n; i++)
		findings_move(report_ignores(policy, findings->v[i].id) ? aside : &kept,
			      &findings->v[i]);
	findings_clear(findings);
	for (size_t i = kept.n; i-- > 0;)
		if (kept.v[i].absent && kept.v[i].severity == SEVERITY_CRITICAL)
			critical[kept.v[i].family] = &kept.v[i];
	for (size_t i = 0; i < kept.n; i++) {
		struct finding *finding = &kept.v[i];

		if (!finding->absent || !critical[finding->family])
			findings_move(&shown, finding);
		else if (finding == critical[finding->family])
			add_absent(report_ignores(policy, DOCKER_ABSENT) ? aside : &shown, &kept,
				   finding);
	}
	findings_clear(&kept);
	findings_clear(&rest);
	*findings = shown;
}

static bool same_words(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_left(const struct finding *finding, const struct findings *left)
{
	for (size_t i = 0; i < left->n; i++) {
		const struct finding *other = &left->v[i];

		if (other->id == finding->id && other->family == finding->family &&
		    same_words(other->table, finding->table) &&
		    same_words(other->chain, finding->chain) &&
		    (!finding->repairable || same_words(other->message, finding->message)))
			return true;
	}
	return false;
}

void report_mended(struct findings *seen, const struct findings *left)
{
	struct findings mended = { 0 }, rest = { 0 };

	for (size_t i = 0; i < seen->n; i++)
		findings_move(is_left(&seen->v[i], left) ? &rest : &mended, &seen->v[i]);
	findings_clear(seen);
	findings_clear(&rest);
	*seen = mended;
}
