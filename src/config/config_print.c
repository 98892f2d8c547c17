/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_print.h"

#include <stdlib.h>
#include <string.h>

#include "config_write.h"
#include "diag.h"
#include "rulespec.h"

/* All rules of a family are parsed in one call, since each call starts a child. */
struct family_texts {
	const struct rule **rules;
	char **v;
	bool *lost; /* the text does not give back the rule */
	size_t n;
};

static void family_texts_clear(struct family_texts *texts)
{
	for (size_t i = 0; texts->v && i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	free(texts->lost);
	free(texts->rules);
}

/* A listing may leave out what it should not, such as a negated range of all values. */
static int read_again(const struct policy *policy, enum family family, struct family_texts *texts)
{
	struct spec *specs = xcalloc(texts->n, sizeof(*specs));
	struct strings chains = { 0 };
	int ret;

	for (size_t i = 0; i < policy->nchains; i++)
		strings_add(&chains, policy->chains[i]->name);
	ret = rulespec_parse(family, (const char *const *)texts->v, texts->n, &chains, specs);
	for (size_t i = 0; i < texts->n; i++) {
		texts->lost[i] = specs[i].nrules != 1 ||
				 !rule_equal_but_mark(specs[i].rules[0], texts->rules[i]);
		spec_clear(&specs[i]);
	}
	free(specs);
	strings_clear(&chains);
	return ret;
}

static int print_family(const struct policy *policy, enum family family, struct family_texts *texts)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->nchains; i++)
		n += policy->chains[i]->rules[family].n;
	texts->rules = xcalloc(n, sizeof(*texts->rules));
	texts->v = xcalloc(n, sizeof(*texts->v));
	texts->lost = xcalloc(n, sizeof(*texts->lost));
	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_rules *rules = &policy->chains[i]->rules[family];

		for (size_t k = 0; k < rules->n; k++)
			texts->rules[texts->n++] = rules->v[k].rule;
	}
	if (!n)
		return 0;
	if (rulespec_print(family, texts->rules, n, texts->v))
		return -1;
	return read_again(policy, family, texts);
}

/* Whether its text gave only this rule: a list of addresses gives several. */
static bool is_alone(const struct wanted_rules *rules, size_t i)
{
	const struct wanted_rule *before = i ? &rules->v[i - 1] : NULL;
	const struct wanted_rule *next = i + 1 < rules->n ? &rules->v[i + 1] : NULL;

	return !(before && before->line == rules->v[i].line && !strcmp(before->text, rules->v[i].text)) &&
	       !(next && next->line == rules->v[i].line && !strcmp(next->text, rules->v[i].text));
}

/* Replaces a listing that gives a different rule by the text in the configuration. */
static char *as_written(enum family family, const struct wanted_rules *rules, size_t i, char *listing)
{
	const struct wanted_rule *rule = &rules->v[i];
	bool alone = is_alone(rules, i);

	diag_warning("%s:%u: iptables lists this rule for %s as '%s', which is a different rule; %s",
		     rule->file, rule->line, family_title(family), listing,
		     alone ? "it is printed as written" :
			     "write it once for each address to have it printed as written");
	if (!alone)
		return listing;
	free(listing);
	return xstrdup(rule->text);
}

/* Moves the texts of a chain's rules, which begin at *next, to lines. */
static int take_chain_lines(enum family family, const struct wanted_rules *rules,
			    struct family_texts *texts, size_t *next, struct config_lines *lines)
{
	int ret = 0;

	for (size_t i = 0; i < rules->n; i++, (*next)++) {
		char *text = texts->v[*next];
		bool tied = config_is_tied(rules->v[i].rule);

		texts->v[*next] = NULL;
		if (*text == '[') {
			diag_error_at(rules->v[i].file, rules->v[i].line, "this rule cannot be "
				      "written as iptables would list it: %s", text);
			ret = -1;
		} else if (texts->lost[*next]) {
			text = as_written(family, rules, i, text);
			tied |= config_names_family(text);
		}
		config_lines_add(lines, (struct config_line){ .text = text, .tied = tied });
	}
	return ret;
}

int config_print(const struct policy *policy, FILE *out)
{
	struct family_texts texts[FAMILY_COUNT] = { 0 };
	size_t next[FAMILY_COUNT] = { 0 };
	int ret = 0;

	for (enum family family = 0; family < FAMILY_COUNT && !ret; family++)
		ret = print_family(policy, family, &texts[family]);
	if (ret)
		goto out;
	config_write_settings(out, policy, true);
	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_chain *chain = policy->chains[i];
		struct config_lines lines[FAMILY_COUNT] = { 0 };

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			ret |= take_chain_lines(family, &chain->rules[family], &texts[family],
						&next[family], &lines[family]);
		putc('\n', out);
		config_write_chain(out, chain->name, policy->families, lines);
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			config_lines_clear(&lines[family]);
	}
out:
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		family_texts_clear(&texts[family]);
	return ret;
}
