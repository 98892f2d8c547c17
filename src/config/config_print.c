/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_print.h"

#include <stdlib.h>
#include <string.h>

#include "config_write.h"
#include "diag.h"
#include "docker_chains.h"
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
	if (rulespec_print(texts->rules, n, texts->v))
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

/*
 * The next rules to print of one chain, in each family. What is printed together, such as
 * the rules of one publish section, comes together in the chain.
 */
struct print_place {
	const struct wanted_chain *chain;
	size_t first[FAMILY_COUNT]; /* the chain's first text */
	size_t next[FAMILY_COUNT];  /* the next rule */
};

/* Moves the texts of the next n rules of a family to lines. */
static int take_family_lines(enum family family, struct print_place *place, size_t n,
			     struct family_texts *texts, struct config_lines *lines)
{
	const struct wanted_rules *rules = &place->chain->rules[family];
	size_t *next = &place->next[family];
	int ret = 0;

	for (size_t end = *next + n; *next < end; (*next)++) {
		size_t i = *next, at = place->first[family] + i;
		char *text = texts->v[at];
		bool tied = config_is_tied(rules->v[i].rule);

		texts->v[at] = NULL;
		if (*text == '[') {
			diag_error_at(rules->v[i].file, rules->v[i].line, "this rule cannot be "
				      "written as iptables would list it: %s", text);
			ret = -1;
		} else if (texts->lost[at]) {
			text = as_written(family, rules, i, text);
			tied |= config_names_family(text);
		}
		config_lines_add(lines, (struct config_line){ .text = text, .tied = tied });
	}
	return ret;
}

/* The number of next rules that are of that section. */
static size_t count_next(const struct print_place *place, enum family family, size_t section)
{
	const struct wanted_rules *rules = &place->chain->rules[family];
	size_t i = place->next[family];

	while (i < rules->n && rules->v[i].section == section)
		i++;
	return i - place->next[family];
}

/* Takes the lines of the next rules that are of that section, in each family. */
static int take_lines(struct print_place *place, size_t section,
		      struct family_texts texts[FAMILY_COUNT],
		      struct config_lines lines[FAMILY_COUNT])
{
	int ret = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		ret |= take_family_lines(family, place, count_next(place, family, section),
					 &texts[family], &lines[family]);
	return ret;
}

static void lines_clear(struct config_lines lines[FAMILY_COUNT])
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		config_lines_clear(&lines[family]);
}

static int print_chains(const struct policy *policy, struct family_texts texts[FAMILY_COUNT],
			struct print_place *user, FILE *out)
{
	size_t first[FAMILY_COUNT] = { 0 };
	int ret = 0;

	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_chain *chain = policy->chains[i];
		struct config_lines lines[FAMILY_COUNT] = { 0 };
		struct print_place place = { .chain = chain };

		memcpy(place.first, first, sizeof(first));
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			first[family] += chain->rules[family].n;
		ret |= take_lines(&place, 0, texts, lines);
		putc('\n', out);
		if (chain->filled_by == FILLED_BY_OTHERS)
			config_write_filled(out, chain);
		else
			config_write_chain(out, chain->name, policy->families, lines);
		lines_clear(lines);
		if (!i)
			*user = place;
	}
	return ret;
}

/* The rest of DOCKER-USER: the rules of the sections, and those of unlisted. */
static int print_sections(const struct policy *policy, struct family_texts texts[FAMILY_COUNT],
			  struct print_place *user, FILE *out)
{
	int ret = 0;

	for (size_t i = 0; i < policy->nsections; i++) {
		struct config_lines lines[FAMILY_COUNT] = { 0 };

		ret |= take_lines(user, i + 1, texts, lines);
		putc('\n', out);
		config_write_publish(out, &policy->sections[i], policy->families, lines);
		lines_clear(lines);
	}
	if (policy->unlisted != UNLISTED_ALLOW) {
		struct config_lines lines[FAMILY_COUNT] = { 0 };

		ret |= take_lines(user, SECTION_CLOSING, texts, lines);
		putc('\n', out);
		config_write_comments(out, policy->unlisted == UNLISTED_REFUSE ?
				      "unlisted = \"refuse\", after all other rules of "
				      DOCKER_USER ":" :
				      "unlisted = \"host-firewall\", after all other rules of "
				      DOCKER_USER ", with more in the guard:", policy->families, lines);
		lines_clear(lines);
	}
	if (policy_follows_host(policy))
		fputs("\n# \"host-firewall\": whom the guard lets in depends on the live tables of the host, "
		      "and is\n# not part of this listing; dockfw-check --exposure shows it.\n", out);
	return ret;
}

int config_print(const struct policy *policy, FILE *out)
{
	struct family_texts texts[FAMILY_COUNT] = { 0 };
	struct print_place user = { .chain = policy->chains[0] };
	int ret = 0;

	for (enum family family = 0; family < FAMILY_COUNT && !ret; family++)
		ret = print_family(policy, family, &texts[family]);
	if (ret)
		goto out;
	config_write_settings(out, policy, true);
	ret = print_chains(policy, texts, &user, out);
	ret |= print_sections(policy, texts, &user, out);
out:
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		family_texts_clear(&texts[family]);
	return ret;
}
