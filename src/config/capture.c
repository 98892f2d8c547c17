/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "config_rules.h"
#include "config_write.h"
#include "diag.h"
#include "docker_chains.h"
#include "rulespec.h"
#include "shorten.h"

static const char header[] =
	"# dockfw.conf: what the chain DOCKER-USER must hold, as it was found here.\n"
	"# Written by dockfw-check --capture. Check it with: dockfw-check --check-config -f FILE\n"
	"# Rules are iptables options, in order; -4 or -6 before one ties it to a family.\n\n";

/* Written before the first other chain. */
static const char note[] =
	"\n# These chains hold only the rules listed here. If another program fills one, such\n"
	"# as fail2ban, put filled-by = \"others\" into its section in place of the rules.\n";

/* One family of the host. */
struct side {
	enum family family;
	const struct table *table; /* NULL if the family is not captured */
	/* Copies of the rules, without the mark, and the result for each. */
	struct rule **rules;
	char **texts;
	char **common;    /* see struct config_line; NULL if there is none */
	const char **why; /* why it cannot be configured, or NULL: a constant */
	size_t n, room;
	size_t next; /* the first rule that is not written yet */
};

/* The number of a chain's rules, without Docker's closing RETURN in DOCKER-USER. */
static size_t own_rules(const struct chain *chain)
{
	if (!chain || !chain->nrules)
		return 0;
	return chain->nrules - docker_is_closing(chain, chain->nrules - 1);
}

/* Adds the chains that are reached, in the order in which they are met. */
static void find_chains(const struct table *table, struct strings *names)
{
	for (size_t i = 0; table && i < names->n; i++) {
		const struct chain *chain = table_chain(table, names->v[i]);

		for (size_t k = 0; chain && k < chain->nrules; k++) {
			const char *to = chain->rules[k]->chain;

			if (to && table_chain(table, to) && !config_chain_fault(to) &&
			    !strings_has(names, to))
				strings_add(names, to);
		}
	}
}

static void collect_rules(struct side *side, const struct strings *names)
{
	for (size_t i = 0; side->table && i < names->n; i++) {
		const struct chain *chain = table_chain(side->table, names->v[i]);

		for (size_t k = 0; k < own_rules(chain); k++) {
			GROW(side->rules, side->n, side->room);
			side->rules[side->n] = rule_copy(chain->rules[k]);
			rule_remove_mark(side->rules[side->n++]);
		}
	}
	side->texts = xcalloc(side->n, sizeof(*side->texts));
	side->common = xcalloc(side->n, sizeof(*side->common));
	side->why = xcalloc(side->n, sizeof(*side->why));
}

static const char not_the_same[] = "its text does not give back exactly this rule";
/* The text gives a rule that does the same; used if no text gives the exact rule. */
static const char alike[] = "alike";

static const char *fault_of(const struct rule *rule, const char *text, const struct spec *spec)
{
	if (*text == '[')
		return "it cannot be read completely";
	if (!config_can_hold(text))
		return "it has characters that are not text";
	if (spec->error && rule->chain && config_chain_fault(rule->chain))
		return "the chain that it leads to cannot be configured";
	if (spec->error || spec->nrules != 1 || !rule_equal_but_mark(rule, spec->rules[0]))
		return not_the_same;
	return rule_equal(rule, spec->rules[0]) ? NULL : alike;
}

/* Each text must give back its rule, or the capture would not be what it claims. */
static int write_texts(struct side *side, const struct strings *names)
{
	struct spec *specs;
	int ret = 0;

	if (!side->n)
		return 0;
	specs = xcalloc(side->n, sizeof(*specs));
	ret = rulespec_print(side->family, (const struct rule *const *)side->rules, side->n,
			     side->texts);
	if (!ret)
		ret = rulespec_parse(side->family, (const char *const *)side->texts, side->n, names,
				     specs);
	for (size_t i = 0; i < side->n; i++) {
		if (!ret)
			side->why[i] = fault_of(side->rules[i], side->texts[i], &specs[i]);
		spec_clear(&specs[i]);
	}
	free(specs);
	return ret;
}

static bool is_strange(const char *why)
{
	return why == not_the_same || why == alike;
}

/* Finds other texts for the rules whose listing does not give them back. */
static int shorten_strange(struct side *side, const struct strings *names)
{
	struct shortening *shortenings = xcalloc(side->n, sizeof(*shortenings));
	size_t n = 0, k = 0;
	int ret;

	for (size_t i = 0; i < side->n; i++)
		if (is_strange(side->why[i]))
			shortenings[n++] = (struct shortening){ side->rules[i], side->texts[i], NULL };
	ret = shorten(side->family, names, shortenings, n);
	for (size_t i = 0; i < side->n; i++) {
		if (!is_strange(side->why[i]))
			continue;
		if (shortenings[k].shortest) {
			free(side->texts[i]);
			side->texts[i] = shortenings[k].shortest;
		}
		if (shortenings[k].shortest || side->why[i] == alike)
			side->why[i] = NULL;
		k++;
	}
	free(shortenings);
	return ret;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * A rule that the other family does not list the same may have a shorter text
 * that both share: "-j REJECT" is listed with an option that each family names
 * differently.
 */
static int find_common(struct side *side, const struct side *other, const struct strings *names)
{
	char **others = xcalloc(other->n, sizeof(*others));
	struct shortening *shortenings = xcalloc(side->n, sizeof(*shortenings));
	size_t *from = xcalloc(side->n, sizeof(*from));
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < other->n; i++)
		others[i] = other->texts[i];
	if (other->n)
		qsort(others, other->n, sizeof(*others), compare_texts);
	for (size_t i = 0; i < side->n; i++) {
		if (side->why[i] || config_is_tied(side->rules[i]) ||
		    (other->n &&
		     bsearch(&side->texts[i], others, other->n, sizeof(*others), compare_texts)))
			continue;
		from[n] = i;
		shortenings[n++] = (struct shortening){ side->rules[i], side->texts[i], NULL };
	}
	ret = shorten(side->family, names, shortenings, n);
	for (size_t i = 0; i < n; i++)
		side->common[from[i]] = shortenings[i].shortest;
	free(from);
	free(shortenings);
	free(others);
	return ret;
}

/* Moves the lines of one chain, whose rules are the side's next ones. */
static void take_side_lines(struct side *side, const char *name, struct config_lines *lines)
{
	size_t n = side->table ? own_rules(table_chain(side->table, name)) : 0;

	for (size_t i = 0; i < n; i++, side->next++) {
		const struct rule *rule = side->rules[side->next];
		const char *why = side->why[side->next];
		char *text = side->texts[side->next];
		struct config_line line = { .text = text, .common = side->common[side->next],
					  .tied = config_is_tied(rule) };

		side->texts[side->next] = NULL;
		side->common[side->next] = NULL;
		if (!why) {
			config_lines_add(lines, line);
			continue;
		}
		diag_warning("%s rule %zu of %s is left out: %s (%s)", family_name(side->family),
			     i + 1, name, why, text);
		line.comment = true;
		line.text = xasprintf("%s rule %zu is left out: %s%s%s", family_name(side->family),
				      i + 1, why, config_can_hold(text) ? ": " : "",
				      config_can_hold(text) ? text : "");
		config_lines_add(lines, line);
		free(text);
	}
}

static void side_clear(struct side *side)
{
	for (size_t i = 0; i < side->n; i++) {
		rule_free(side->rules[i]);
		if (side->texts)
			free(side->texts[i]);
		if (side->common)
			free(side->common[i]);
	}
	free(side->rules);
	free(side->texts);
	free(side->common);
	free(side->why);
}

/* The families with Docker's chains or a DOCKER-USER; *found is set if one has a DOCKER-USER. */
static unsigned int captured_families(const struct policy *policy, const struct snapshot *snapshot,
				      bool *found)
{
	unsigned int families = 0;

	*found = false;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, family, "filter");

		if (!table || !(policy->families & 1U << family))
			continue;
		for (size_t i = 0; i < table->nchains; i++) {
			bool user = !strcmp(table->chains[i]->name, DOCKER_USER);

			if (user || docker_owns_chain(table->chains[i]->name))
				families |= 1U << family;
			*found |= user;
		}
	}
	return families;
}

/* Fills the sides with everything that is to be written. */
static int fill_sides(struct side sides[FAMILY_COUNT], const struct strings *names)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		collect_rules(&sides[family], names);
		if (write_texts(&sides[family], names) || shorten_strange(&sides[family], names))
			return -1;
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (sides[family].table && sides[!family].table &&
		    find_common(&sides[family], &sides[!family], names))
			return -1;
	return 0;
}

static void write_chains(struct side sides[FAMILY_COUNT], const struct strings *names,
			 unsigned int families, FILE *out)
{
	for (size_t i = 0; i < names->n; i++) {
		struct config_lines lines[FAMILY_COUNT] = { 0 };

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			take_side_lines(&sides[family], names->v[i], &lines[family]);
		if (i == 1)
			fputs(note, out);
		putc('\n', out);
		config_write_chain(out, names->v[i], families, lines);
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			config_lines_clear(&lines[family]);
	}
}

int capture(const struct policy *policy, const struct snapshot *snapshot, FILE *out)
{
	struct policy settings = *policy; /* borrows the policy's pointers */
	struct side sides[FAMILY_COUNT] = { 0 };
	struct strings names = { 0 };
	bool found;
	int ret;

	settings.families = captured_families(policy, snapshot, &found);
	if (!found) {
		diag_error("there is no chain " DOCKER_USER " in %s: nothing to capture; is Docker "
			   "running, with iptables?", backend_kind_name(snapshot->backend));
		return -1;
	}
	strings_add(&names, DOCKER_USER);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		sides[family].family = family;
		if (settings.families & 1U << family)
			sides[family].table = snapshot_table(snapshot, family, "filter");
		find_chains(sides[family].table, &names);
	}
	ret = fill_sides(sides, &names);
	if (!ret) {
		fputs(header, out);
		config_write_settings(out, &settings, false);
		write_chains(sides, &names, settings.families, out);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		side_clear(&sides[family]);
	strings_clear(&names);
	return ret;
}
