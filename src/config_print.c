/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_print.h"

#include <stdlib.h>

#include "conf_write.h"
#include "diag.h"
#include "rulespec.h"

/* All rules of a family in one call: each call starts a child. */
struct texts {
	const struct rule **rules;
	char **v;
	size_t n;
};

static void texts_clear(struct texts *texts)
{
	for (size_t i = 0; texts->v && i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	free(texts->rules);
}

static int print_family(const struct policy *policy, enum family family, struct texts *texts)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->nchains; i++)
		n += policy->chains[i]->rules[family].n;
	texts->rules = xcalloc(n, sizeof(*texts->rules));
	texts->v = xcalloc(n, sizeof(*texts->v));
	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_rules *rules = &policy->chains[i]->rules[family];

		for (size_t k = 0; k < rules->n; k++)
			texts->rules[texts->n++] = rules->v[k].rule;
	}
	return n ? rulespec_print(family, texts->rules, n, texts->v) : 0;
}

/* Moves the texts of a chain's rules, which begin at *next, to lines. */
static int take_lines(const struct wanted_rules *rules, struct texts *texts, size_t *next,
		      struct conf_lines *lines)
{
	int ret = 0;

	for (size_t i = 0; i < rules->n; i++, (*next)++) {
		char *text = texts->v[*next];

		texts->v[*next] = NULL;
		if (*text == '[') {
			diag_error_at(rules->v[i].file, rules->v[i].line, "this rule cannot be "
				      "written as iptables would list it: %s", text);
			ret = -1;
		}
		conf_lines_take(lines, (struct conf_line){
			.text = text, .tied = conf_is_tied(rules->v[i].rule) });
	}
	return ret;
}

int config_print(const struct policy *policy, FILE *out)
{
	struct texts texts[FAMILY_COUNT] = { 0 };
	size_t next[FAMILY_COUNT] = { 0 };
	int ret = 0;

	for (enum family family = 0; family < FAMILY_COUNT && !ret; family++)
		ret = print_family(policy, family, &texts[family]);
	if (ret)
		goto out;
	conf_write_settings(out, policy, true);
	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_chain *chain = policy->chains[i];
		struct conf_lines lines[FAMILY_COUNT] = { 0 };

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			ret |= take_lines(&chain->rules[family], &texts[family], &next[family],
					  &lines[family]);
		putc('\n', out);
		conf_write_chain(out, chain->name, policy->families, lines);
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			conf_lines_clear(&lines[family]);
	}
out:
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		texts_clear(&texts[family]);
	return ret;
}
