/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "capture_chains.h"
#include "chain_owner.h"
#include "config_read.h"
#include "config_rules.h"
#include "config_write.h"
#include "diag.h"
#include "docker_chains.h"
#include "rulespec.h"
#include "shorten.h"
#include "text.h"

#define BOTH_FAMILIES (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6)

static const char header[] =
	"# dockfw.conf: what the chain DOCKER-USER must hold, as it was found here.\n"
	"# Written by dockfw-check --capture. Check it with: dockfw-check --check-config -f FILE\n"
	"# Rules are iptables options, in order; -4 or -6 before one ties it to a family.\n";

/* Written before the first chain that is held. */
static const char note[] =
	"\n# A chain with rules here holds only these. If another program fills one, put\n"
	"# filled-by = \"others\" into its section in place of the rules.\n";

static const char nothing[] =
	"\n# DOCKER-USER had no rules. A reload of firewalld, or a restart of it or of Docker, may\n"
	"# have removed them. If none is wanted, state that:\n"
	"# chain \"DOCKER-USER\" { rules = { } }\n";

/* The same where Docker does not use iptables. */
static const char nothing_left[] =
	"\n# Docker filters in its own nf_tables tables, and DOCKER-USER, which is left, has no rules.\n"
	"# Write a publish section for each port that others may reach; see dockfw.conf(5).\n";

#define COMMENTS_MAX 50 /* rules of a chain of others that are shown */
#define NUMBERS_MAX 6   /* of rules, in a message */

/* One family of the host. */
struct side {
	enum family family;
	const struct table *table; /* NULL if the family is not captured */
	/* Copies of the rules, without the mark, and the result for each. */
	struct rule **rules;
	char **texts;
	char **common;    /* see struct config_line; NULL if there is none */
	const char **why; /* why it is not captured, or NULL: a constant */
	size_t n, room;
	size_t next; /* the first rule that is not written yet */
};

/* A capture, while it is made. */
struct capture {
	const struct snapshot *snapshot;
	struct captured_chains chains;
	struct strings names; /* of all its chains */
	struct side sides[FAMILY_COUNT];
	enum captured result;
};

/* The rules of the chains that are written: as rules, or as comments. */
static void collect_rules(struct side *side, const struct captured_chains *chains)
{
	for (size_t i = 0; side->table && i < chains->n; i++) {
		const struct chain *chain = captured_chain_in(chains, i, side->family);

		if (chains->v[i].filler == FILLER_PROGRAM)
			continue;
		for (size_t k = 0; k < captured_rules(chain); k++) {
			GROW(side->rules, side->n, side->room);
			side->rules[side->n] = rule_copy(chain->rules[k]);
			rule_remove_mark(side->rules[side->n++]);
		}
	}
	side->texts = xcalloc(side->n, sizeof(*side->texts));
	side->common = xcalloc(side->n, sizeof(*side->common));
	side->why = xcalloc(side->n, sizeof(*side->why));
}

static const char of_program[] = "the program whose set it names puts it in by itself";
static const char negated[] = "no packet matches it";
static const char not_the_same[] = "its text does not give back exactly this rule";
/* The text gives a rule that does the same; used if no text gives the exact rule. */
static const char alike[] = "alike";

static const char *fault_of(const struct rule *rule, const char *text, const struct spec *spec)
{
	if (*text == '[')
		return "it cannot be read completely";
	if (!config_can_hold(text))
		return "it has characters that are not text";
	if (rule_negates_all(rule))
		return negated;
	/* If that program is stopped, its set is gone, and the rule could not be put in. */
	if (rule_refuses(rule) && text_owner(text))
		return of_program;
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
	ret = rulespec_print((const struct rule *const *)side->rules, side->n, side->texts);
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
	*side = (struct side){ .family = side->family, .table = side->table };
}

/* ---- which chains, and which rules ---- */

/*
 * Gives a chain to others if one of its rules is not captured, and leaves such rules of
 * DOCKER-USER out. Returns whether that has changed anything.
 */
static bool judge_chains(struct capture *capture, const struct side *side)
{
	struct captured_chains *chains = &capture->chains;
	bool changed = false;
	size_t at = 0;

	for (size_t i = 0; i < chains->n; i++) {
		struct captured_chain *chain = &chains->v[i];
		size_t n = captured_rules(captured_chain_in(chains, i, side->family));

		if (chain->filler == FILLER_PROGRAM)
			continue;
		for (size_t k = 0; k < n && !chain->filler; k++) {
			const char *why = side->why[at + k];

			if (!why || (!i && chains->left_out[side->family] &&
				     chains->left_out[side->family][k]))
				continue;
			changed = true;
			if (!i) {
				captured_chains_leave_out(chains, side->family, k);
				continue;
			}
			captured_chains_give(chains, chain->name, FILLER_PARTLY,
					     xasprintf("%s rule %zu: %s", family_name(side->family),
						       k + 1, why));
			break;
		}
		at += n;
	}
	return changed;
}

/* Fills the sides with the rules, and says which of them cannot be captured. */
static int fill_sides(struct capture *capture)
{
	strings_clear(&capture->names);
	for (size_t i = 0; i < capture->chains.n; i++)
		strings_add(&capture->names, capture->chains.v[i].name);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct side *side = &capture->sides[family];

		side_clear(side);
		collect_rules(side, &capture->chains);
		if (write_texts(side, &capture->names) || shorten_strange(side, &capture->names))
			return -1;
	}
	return 0;
}

static int find_all(struct capture *capture)
{
	struct side *sides = capture->sides;
	bool again = true;

	while (again) {
		captured_chains_find(&capture->chains);
		if (fill_sides(capture))
			return -1;
		again = false;
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			again |= judge_chains(capture, &sides[family]);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (sides[family].table && sides[!family].table &&
		    find_common(&sides[family], &sides[!family], &capture->names))
			return -1;
	return 0;
}

/* ---- what is written ---- */

/*
 * The numbers of the captured rules after the i-th rule of DOCKER-USER that may refuse what
 * it lets in, as text that the caller frees; NULL if there is none. The side's first rules
 * are those of DOCKER-USER.
 */
static char *refusing_after(const struct side *side, size_t i, size_t n)
{
	struct text text;
	size_t found = 0;

	text_open(&text);
	for (size_t k = i + 1; k < n; k++) {
		if (side->why[k] || !rule_may_refuse(side->table, side->rules[k]))
			continue;
		if (found++ < NUMBERS_MAX)
			fprintf(text.out, "%s%zu", found > 1 ? ", " : "", k + 1);
	}
	if (found > NUMBERS_MAX)
		fprintf(text.out, " and %zu more", found - NUMBERS_MAX);
	if (found)
		return text_take(&text);
	free(text_take(&text));
	return NULL;
}

/* A rule of DOCKER-USER that is not captured: a comment, and a warning. */
static void leave_rule_out(struct capture *capture, const struct side *side, size_t i, size_t n,
			   struct config_lines *lines)
{
	const char *family = family_name(side->family), *why = side->why[i];
	const char *text = config_can_hold(side->texts[i]) ? side->texts[i] : "";
	char *refusing = why != negated && rule_lets_past(side->table, side->rules[i], true)
				 ? refusing_after(side, i, n) : NULL;

	diag_warning("%s rule %zu of %s is left out: %s (%s)", family, i + 1, DOCKER_USER, why,
		     side->texts[i]);
	config_lines_add(lines, (struct config_line){
		.text = xasprintf("%s rule %zu is left out: %s%s%s", family, i + 1, why,
				  *text ? ": " : "", text),
		.comment = true,
	});
	if (!refusing)
		return;
	capture->result = CAPTURED_UNSAFE;
	diag_warning("%s rule %zu of %s, which is left out, can let packets past the captured rules "
		     "that refuse after it (%s): a repair moves those before it, and whoever only "
		     "this rule lets in is refused", family, i + 1, DOCKER_USER, refusing);
	config_lines_add(lines, (struct config_line){
		.text = xasprintf("Whoever only this rule lets in is refused after a repair: it moves "
				  "the rules that refuse (%s here) before it.", refusing),
		.comment = true,
	});
	free(refusing);
}

/* Moves the lines of the i-th chain, whose rules are the side's next ones. */
static size_t take_side_lines(struct capture *capture, struct side *side, size_t i,
			      struct config_lines *lines)
{
	const struct captured_chain *chain = &capture->chains.v[i];
	size_t n = captured_rules(captured_chain_in(&capture->chains, i, side->family));
	size_t taken = 0;

	for (size_t k = 0; k < n; k++, side->next++) {
		struct config_line line = { .text = side->texts[side->next],
					    .common = side->common[side->next],
					    .tied = config_is_tied(side->rules[side->next]) };

		if (!chain->filler && side->why[side->next]) {
			leave_rule_out(capture, side, k, n, lines);
			continue;
		}
		if (chain->filler && (k >= COMMENTS_MAX || !config_can_hold(line.text)))
			continue;
		side->texts[side->next] = NULL;
		side->common[side->next] = NULL;
		config_lines_add(lines, line);
		taken++;
	}
	return taken;
}

static void write_others(FILE *out, const struct captured_chains *chains, size_t i,
			 const struct config_lines lines[FAMILY_COUNT])
{
	const struct captured_chain *chain = &chains->v[i];
	const struct wanted_chain wanted = {
		.name = chain->name,
		.filled_by = FILLED_BY_OTHERS,
		.verdicts = captured_chain_accepts(chains, chain->name) ? VERDICTS_ANY
									: VERDICTS_REFUSE,
	};

	switch (chain->filler) {
	case FILLER_PROGRAM:
		fprintf(out, "# This chain belongs to %s: what is in it stays.\n", chain->why);
		diag_warning("chain '%s' belongs to %s: its rules are not captured, and whatever is "
			     "in it stays", chain->name, chain->why);
		break;
	case FILLER_SHARED:
		fprintf(out, "# Not held, since %s jumps to it as well: another program may fill it.\n",
			chain->why);
		diag_warning("chain '%s' is not held, since %s jumps to it as well: if no program "
			     "fills it, put its rules into its section", chain->name, chain->why);
		break;
	default:
		fprintf(out, "# Not held, since it cannot be captured completely: %s.\n", chain->why);
		diag_warning("chain '%s' is not held, since it cannot be captured completely: %s; "
			     "the rules that lead to it are", chain->name, chain->why);
		break;
	}
	if (lines[FAMILY_IPV4].n || lines[FAMILY_IPV6].n)
		config_write_comments(out, "Its rules now; to hold them, put them here in place of "
				      "the settings:", BOTH_FAMILIES, lines);
	config_write_filled(out, &wanted);
}

/* Nothing proves that no program fills it. */
static void warn_of_held(const struct captured_chains *chains, const struct captured_chain *chain)
{
	char *elsewhere = captured_chain_shared(chains, chain, false);

	diag_warning("chain '%s' is held exactly as it is now%s%s%s: if another program fills it, put "
		     "filled-by = \"others\" in place of its rules", chain->name,
		     elsewhere ? " (" : "", elsewhere ? elsewhere : "",
		     elsewhere ? " jumps to a chain of that name too)" : "");
	free(elsewhere);
}

/* Returns the number of rules of DOCKER-USER that are written. */
static size_t write_chains(struct capture *capture, FILE *out)
{
	const struct captured_chains *chains = &capture->chains;
	bool noted = false;
	size_t n = 0;

	for (size_t i = 0; i < chains->n; i++) {
		struct config_lines lines[FAMILY_COUNT] = { 0 };
		const struct captured_chain *chain = &chains->v[i];
		size_t taken = 0;

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			if (chain->filler != FILLER_PROGRAM)
				taken += take_side_lines(capture, &capture->sides[family], i,
							 &lines[family]);
		if (!i)
			n = taken;
		if (i && !chain->filler) {
			warn_of_held(chains, chain);
			fputs(noted ? "" : note, out);
			noted = true;
		}
		if (taken || lines[FAMILY_IPV4].n || lines[FAMILY_IPV6].n || i)
			putc('\n', out);
		if (chain->filler)
			write_others(out, chains, i, lines);
		else if (taken || i)
			config_write_chain(out, chain->name, BOTH_FAMILIES, lines);
		else if (lines[FAMILY_IPV4].n || lines[FAMILY_IPV6].n)
			config_write_comments(out, "None of the rules of DOCKER-USER can be captured:",
					      BOTH_FAMILIES, lines);
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			config_lines_clear(&lines[family]);
	}
	return n;
}

/* ---- the whole ---- */

/* Finds the families with a DOCKER-USER. */
static bool find_tables(struct capture *capture, const struct policy *policy,
			const struct snapshot *snapshot)
{
	bool found = false;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, family, "filter");

		capture->sides[family].family = family;
		if (!table || !(policy->families & 1U << family))
			continue;
		capture->sides[family].table = table;
		capture->chains.tables[family] = table;
		found |= table_chain(table, DOCKER_USER) != NULL;
	}
	return found;
}

/* If only one family has rules, a published port may be open by the other one. */
static void warn_of_empty(const struct capture *capture)
{
	size_t n[FAMILY_COUNT];

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		n[family] = captured_rules(table_chain(capture->sides[family].table, DOCKER_USER));
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (!n[family] && n[!family] &&
		    table_chain(capture->sides[family].table, DOCKER_USER))
			diag_warning("%s: DOCKER-USER holds no rules; those that are captured are "
				     "only for %s", family_name(family), family_name(!family));
}

/* Whether Docker filters in tables of its own. */
static bool is_native(const struct snapshot *snapshot)
{
	return snapshot_table(snapshot, FAMILY_IPV4, DOCKER_NFT_TABLE) ||
	       snapshot_table(snapshot, FAMILY_IPV6, DOCKER_NFT_TABLE);
}

static void write_all(struct capture *capture, const struct policy *policy, FILE *out)
{
	struct policy settings = *policy; /* borrows the policy's pointers */

	settings.families = BOTH_FAMILIES;
	fputs(header, out);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (!(policy->families & 1U << family))
			fprintf(out, "# Only the rules of %s were captured.\n",
				family_title(!family));
	putc('\n', out);
	config_write_settings(out, &settings, false);
	if (!write_chains(capture, out)) {
		bool none = capture->sides[FAMILY_IPV4].n + capture->sides[FAMILY_IPV6].n > 0;

		/* Without a captured rule no other chain is reached: these are DOCKER-USER's. */
		fputs(none ? "" : is_native(capture->snapshot) ? nothing_left : nothing, out);
		capture->result = none ? CAPTURED_NONE : CAPTURED_NOTHING;
	}
	warn_of_empty(capture);
}

/* Whether it is a configuration; if not, the first error says why. */
static bool reads_back(char *text)
{
	struct config_file file = { .name = (char *)"the captured configuration", .data = text,
				    .size = strlen(text) };
	struct policy *policy = config_read_stored(&file);
	bool whole = policy && !policy->refused.n;

	policy_free(policy);
	if (!whole)
		diag_error("the rules that are in force cannot be captured: the configuration that "
			   "results from them is wrong; write it by hand");
	return whole;
}

static void say_no_chain(const struct snapshot *snapshot)
{
	if (is_native(snapshot))
		diag_error("there is no chain " DOCKER_USER " to capture: Docker filters in its own nf_tables "
			   "tables, and none is left; write a publish section for each port that others may "
			   "reach into the configuration, then run: dockfw-check --repair");
	else
		diag_error("there is no chain " DOCKER_USER " in %s: nothing to capture; is Docker "
			   "running, with iptables? A reload of firewalld may have removed the chain "
			   "and its rules", backend_kind_name(snapshot->backend));
}

enum captured capture(const struct policy *policy, const struct snapshot *snapshot, FILE *out)
{
	struct capture capture = { .snapshot = snapshot, .result = CAPTURED_WHOLE };
	struct text text;
	char *all;

	if (!find_tables(&capture, policy, snapshot)) {
		say_no_chain(snapshot);
		return CAPTURED_FAILED;
	}
	if (find_all(&capture)) {
		capture.result = CAPTURED_FAILED;
	} else {
		text_open(&text);
		write_all(&capture, policy, text.out);
		all = text_take(&text);
		if (reads_back(all))
			fputs(all, out);
		else
			capture.result = CAPTURED_FAILED;
		free(all);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		side_clear(&capture.sides[family]);
	captured_chains_clear(&capture.chains);
	strings_clear(&capture.names);
	return capture.result;
}
