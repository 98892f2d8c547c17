/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_texts.h"

#include <stdlib.h>
#include <string.h>

#include "other_text.h"
#include "rulespec.h"
#include "utf8.h"
#include "util.h"

void named_rules_add(struct named_rules *texts, const struct rule *rule)
{
	if (!rule || (texts->n && texts->v[texts->n - 1].rule == rule))
		return;
	GROW(texts->v, texts->n, texts->room);
	texts->v[texts->n++] = (struct named_rule){ .rule = rule };
}

/* By family, then by address in memory. */
static int by_rule(const void *left, const void *right)
{
	const struct rule *a = ((const struct named_rule *)left)->rule;
	const struct rule *b = ((const struct named_rule *)right)->rule;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return a < b ? -1 : a > b;
}

int named_rules_make(struct named_rules *texts)
{
	const struct rule **rules;
	size_t kept = 0;
	char **made;
	int status;

	if (!texts->n)
		return 0;
	qsort(texts->v, texts->n, sizeof(*texts->v), by_rule);
	for (size_t i = 0; i < texts->n; i++)
		if (!kept || texts->v[kept - 1].rule != texts->v[i].rule)
			texts->v[kept++] = texts->v[i];
	texts->n = kept;
	rules = xcalloc(kept, sizeof(*rules));
	made = xcalloc(kept, sizeof(*made));
	for (size_t i = 0; i < kept; i++)
		rules[i] = texts->v[i].rule;
	status = rulespec_print(rules, kept, made);
	for (size_t i = 0; i < kept; i++)
		texts->v[i].text = made[i];
	free(made);
	free(rules);
	return status;
}

void named_rules_clear(struct named_rules *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i].text);
	free(texts->v);
	*texts = (struct named_rules){ 0 };
}

const char *named_rules_find(const struct named_rules *texts, const struct rule *rule)
{
	struct named_rule key = { .rule = rule };
	const struct named_rule *found = NULL;

	if (rule && texts->n)
		found = bsearch(&key, texts->v, texts->n, sizeof(*texts->v), by_rule);
	return found && found->text ? found->text : "";
}

char *decider_rule_text(const struct named_rules *texts, const struct decider *by)
{
	return by->native ? other_rule_text(by->native) : xstrdup(named_rules_find(texts, by->rule));
}

char *decider_text(const struct named_rules *texts, const struct decider *by)
{
	char *rule, *text;

	if (by->reason && !by->chain)
		return xstrdup(by->reason);
	if (by->reason)
		return xasprintf("%s %s: %s", by->table, by->chain, by->reason);
	if (!by->number)
		return xasprintf("%s %s policy %s", by->table, by->chain,
				 by->policy == VERDICT_DROP ? "DROP" : "ACCEPT");
	rule = decider_rule_text(texts, by);
	text = xasprintf("%s %s %zu: %s", by->table, by->chain, by->number, rule);
	free(rule);
	return text;
}

int edits_texts(const struct edits *edits, char **texts)
{
	const struct rule **rules = xcalloc(edits->n, sizeof(*rules));
	char **printed = xcalloc(edits->n, sizeof(*printed));
	size_t *of = xcalloc(edits->n, sizeof(*of)), n = 0;
	int status = 0;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		for (size_t i = 0; i < edits->n; i++) {
			if (!edits->v[i].rule || (int)edits->v[i].family != family)
				continue;
			of[n] = i;
			rules[n++] = edits->v[i].rule;
		}
	}
	if (n)
		status = rulespec_print(rules, n, printed);
	for (size_t k = 0; k < n && !status; k++)
		texts[of[k]] = printed[k];
	free(of);
	free(rules);
	free(printed);
	return status;
}

void edit_put(FILE *out, const struct edit *edit, const char *rule)
{
	char *place = xasprintf("%s %s %s%s%s", edit_op_name(edit->op), family_name(edit->family),
				edit->table, edit->chain ? " " : "", edit->chain ? edit->chain : "");
	char *text = edit->rule ? xasprintf("%s %zu: %s", place, edit->position, rule ? rule : "?") :
		     edit->op == EDIT_POLICY ? xasprintf("%s: %s", place, edit_policy_name(edit)) : xstrdup(place);
	char *safe = safe_text(text);

	fputs(safe, out);
	free(safe);
	free(text);
	free(place);
}
