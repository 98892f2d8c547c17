/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const struct rule *finding_rule(const struct snapshot *snapshot, const struct finding *finding)
{
	const struct table *table = NULL;
	const struct chain *chain;

	switch (finding->id) {
	case ACCEPT_BEFORE_USER:
	case RULE_BYPASSED:
	case RULE_STALE:
	case RULE_UNREACHABLE:
	case RULE_OPAQUE:
	case RULE_NOT_EVALUATED:
		break;
	default:
		return NULL;
	}
	if (snapshot && finding->family < FAMILY_COUNT && finding->table && finding->chain)
		table = snapshot_table(snapshot, finding->family, finding->table);
	chain = table ? table_chain(table, finding->chain) : NULL;
	return chain && finding->rule >= 1 && finding->rule <= chain->nrules
		       ? chain->rules[finding->rule - 1] : NULL;
}

/* ---- which findings are equal ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_equal(const struct finding *a, const struct finding *b)
{
	return a->id == b->id && a->severity == b->severity && a->family == b->family &&
	       a->repairable == b->repairable && a->remedy == b->remedy &&
	       same_text(a->table, b->table) && same_text(a->chain, b->chain);
}

/* Which findings are named in which line. */
struct group {
	size_t first; /* the index of the first finding */
	size_t n;     /* equal ones */
	size_t named[FOLD_FROM]; /* the first of them */
};

struct groups {
	struct group *v; /* owned */
	size_t n, room;
};

static struct group *group_of(struct groups *groups, const struct findings *findings, size_t i)
{
	for (size_t g = groups->n; g-- > 0;)
		if (is_equal(&findings->v[groups->v[g].first], &findings->v[i]))
			return &groups->v[g];
	GROW(groups->v, groups->n, groups->room);
	groups->v[groups->n] = (struct group){ .first = i };
	return &groups->v[groups->n++];
}

static void groups_make(struct groups *groups, const struct findings *findings)
{
	*groups = (struct groups){ 0 };
	for (size_t i = 0; i < findings->n; i++) {
		struct group *group = group_of(groups, findings, i);

		if (group->n < FOLD_FROM)
			group->named[group->n] = i;
		group->n++;
	}
}

/* ---- their texts ---- */

static void name_rules(const struct findings *findings, const struct snapshot *snapshot, bool fold,
		       struct named_rules *texts)
{
	struct groups groups = { 0 };

	for (size_t i = 0; !fold && findings && i < findings->n; i++)
		named_rules_add(texts, finding_rule(snapshot, &findings->v[i]));
	if (fold && findings)
		groups_make(&groups, findings);
	for (size_t g = 0; g < groups.n; g++)
		for (size_t i = 0; i < groups.v[g].n && i < FOLD_FROM; i++)
			named_rules_add(texts, finding_rule(snapshot,
							    &findings->v[groups.v[g].named[i]]));
	free(groups.v);
}

int finding_lines_texts(const struct report *report, bool fold, struct named_rules *texts)
{
	*texts = (struct named_rules){ 0 };
	if (report->found != report->left)
		name_rules(report->found, report->snapshot, fold, texts);
	name_rules(report->left, report->left_snapshot, fold, texts);
	name_rules(report->ignored, report->left_snapshot, fold, texts);
	return named_rules_make(texts);
}

struct finding_place finding_place_of(const struct report *report, bool left,
				      const struct named_rules *texts)
{
	return (struct finding_place){ .snapshot = left ? report->left_snapshot : report->snapshot,
				       .policy = report->compared, .texts = texts };
}

/* The message and, if it is about somebody's rule, "; rule 3: -s 192.0.2.1/32 -j RETURN". */
static char *whole_message(const struct finding_place *place, const struct finding *finding)
{
	const struct rule *rule = place->texts ? finding_rule(place->snapshot, finding) : NULL;
	const char *text = rule ? named_rules_find(place->texts, rule) : "";

	if (rule && rule->opaque && rule->handle)
		return xasprintf("%s; rule %zu: nft handle %" PRIu64, finding->message,
				 finding->rule, rule->handle);
	if (!rule || rule->opaque || !*text)
		return xstrdup(finding->message);
	return xasprintf("%s; rule %zu: %s", finding->message, finding->rule, text);
}

/* "'-j DROP' (dockfw.conf:3)", if the message says that the chain does not hold it; else NULL. */
static const char *missing_rule(const struct finding *finding)
{
	static const char not_held[] = " does not hold ";
	const char *chain = finding->chain;
	size_t length = chain ? strlen(chain) : 0;

	if (finding->id != RULE_MISSING || !chain ||
	    strncmp(finding->message, chain, length) != 0 ||
	    strncmp(finding->message + length, not_held, sizeof(not_held) - 1) != 0)
		return NULL;
	return finding->message + length + sizeof(not_held) - 1;
}

/* How many rules are configured there, if that is known and fits; else 0. */
static size_t rules_of(const struct finding_place *place, const struct finding *finding, size_t missing)
{
	const struct wanted_chain *chain = place->policy ? policy_chain(place->policy, finding->chain)
							 : NULL;
	size_t n = chain ? chain->rules[finding->family].n : 0;

	return n >= missing ? n : 0;
}

/* "2000 of 2000 rules are missing from DOCKER-USER: … and 1997 more". */
static void put_missing(FILE *out, const struct finding_place *place,
			const struct findings *findings, const struct group *group)
{
	const struct finding *first = &findings->v[group->first];
	size_t all = rules_of(place, first, group->n);

	fprintf(out, "%zu ", group->n);
	if (all)
		fprintf(out, "of %zu ", all);
	fprintf(out, "rules are missing from %s: ", first->chain);
	for (size_t i = 0; i < FOLD_NAMED; i++)
		fprintf(out, "%s%s", i ? ", " : "", missing_rule(&findings->v[group->named[i]]));
	fprintf(out, " and %zu more", group->n - FOLD_NAMED);
}

static char *folded_message(const struct finding_place *place, const struct findings *findings,
			    const struct group *group)
{
	bool missing = true;
	struct text text;

	for (size_t i = 0; i < FOLD_NAMED; i++)
		missing &= missing_rule(&findings->v[group->named[i]]) != NULL;
	text_open(&text);
	if (missing)
		put_missing(text.out, place, findings, group);
	for (size_t i = 0; !missing && i < FOLD_NAMED; i++) {
		char *message = whole_message(place, &findings->v[group->named[i]]);

		fprintf(text.out, "%s%s", i ? "; " : "", message);
		free(message);
	}
	if (!missing)
		fprintf(text.out, "; and %zu more findings like these", group->n - FOLD_NAMED);
	return text_take(&text);
}

static void line_add(struct finding_lines *lines, const struct finding *finding, size_t n,
		     char *message)
{
	GROW(lines->v, lines->n, lines->room);
	lines->v[lines->n++] = (struct finding_line){ finding, n, message };
}

void finding_lines_make(struct finding_lines *lines, const struct findings *findings,
			const struct finding_place *place, bool fold)
{
	struct groups groups = { 0 };

	*lines = (struct finding_lines){ 0 };
	if (!findings)
		return;
	if (fold)
		groups_make(&groups, findings);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];
		const struct group *group = fold ? group_of(&groups, findings, i) : NULL;

		if (!group || group->n <= FOLD_FROM)
			line_add(lines, finding, 1, whole_message(place, finding));
		else if (group->first == i)
			line_add(lines, finding, group->n, folded_message(place, findings, group));
	}
	free(groups.v);
}

void finding_lines_clear(struct finding_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i].message);
	free(lines->v);
	*lines = (struct finding_lines){ 0 };
}
