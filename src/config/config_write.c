/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_write.h"

#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "publish.h"
#include "settings.h"
#include "sorted.h"
#include "utf8.h"

void config_lines_add(struct config_lines *lines, struct config_line line)
{
	GROW(lines->v, lines->n, lines->room);
	lines->v[lines->n++] = line;
}

void config_lines_clear(struct config_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		free(lines->v[i].text);
		free(lines->v[i].common);
	}
	free(lines->v);
	*lines = (struct config_lines){ 0 };
}

bool config_can_hold(const char *text)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
	size_t length;

	for (; c < end; c += length) {
		length = utf8_length(c, end);
		if (!length || (*c < ' ' && *c != '\t') || *c == 0x7f)
			return false;
	}
	return true;
}

bool config_is_tied(const struct rule *rule)
{
	static const uint8_t none[sizeof(rule->src.mask)];

	return memcmp(rule->src.mask, none, sizeof(none)) || memcmp(rule->dst.mask, none, sizeof(none));
}

bool config_names_family(const char *text)
{
	text += strspn(text, " \t");
	return !strncmp(text, "-4", 2) || !strncmp(text, "-6", 2) || !strncmp(text, "--ipv", 5);
}

/* Writes the text in the quotes that suit it. */
static void write_string(FILE *out, const char *text)
{
	/* Double quotes would need backslashes for these. */
	bool plain = !strpbrk(text, "\"\\") && !strstr(text, "${");

	putc(plain ? '"' : '\'', out);
	for (const char *c = text; *c; c++) {
		/* In single quotes a backslash is literal except before another one or a quote. */
		if (!plain && (*c == '\'' || (*c == '\\' && (!c[1] || strchr("\\'", c[1])))))
			putc('\\', out);
		putc(*c, out);
	}
	putc(plain ? '"' : '\'', out);
}

/* from is the struct that has the setting's field. */
static void write_setting(FILE *out, const char *indent, const struct setting_row *row,
			  const void *from)
{
	struct strings values = { 0 };

	setting_values(row, from, &values);
	fprintf(out, "%s%-15s = %s", indent, row->name, setting_is_list(row) ? "{ " : "");
	for (size_t i = 0; i < values.n; i++) {
		if (i)
			fputs(", ", out);
		write_string(out, values.v[i]);
	}
	fputs(!setting_is_list(row) ? "\n" : values.n ? " }\n" : "}\n", out);
	strings_clear(&values);
}

void config_write_settings(FILE *out, const struct policy *policy, bool all)
{
	size_t n;
	const struct setting_row *rows = setting_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].section == SECTION_NONE &&
		    (all || rows[i].always || !setting_is_default(&rows[i], policy)))
			write_setting(out, "", &rows[i], policy);
}

/* All settings of a section but its rules. */
static void write_section_settings(FILE *out, enum setting_section section, const void *from)
{
	size_t n;
	const struct setting_row *rows = setting_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].section == section && rows[i].kind != SETTING_RULES)
			write_setting(out, "    ", &rows[i], from);
}

/* A line of the second family, to be found by its text. */
struct line_entry {
	const char *text;
	size_t index;
	size_t taken; /* in the first entry of a text: how many of them have a mate */
};

static int entries_by_text(const void *a, const void *b)
{
	const struct line_entry *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	return order ? order : (left->index > right->index) - (left->index < right->index);
}

static int order_text(const void *element, const void *key)
{
	return strcmp(((const struct line_entry *)element)->text, key);
}

/* The first entry of that text that is not taken yet; NULL if there is none. */
static const struct line_entry *take_entry(struct line_entry *entries, size_t n, const char *text)
{
	size_t at = sorted_first(text, entries, n, sizeof(*entries), order_text);

	if (at < n)
		at += entries[at].taken++;
	return at < n && !strcmp(entries[at].text, text) ? &entries[at] : NULL;
}

static const char *common_text(const struct config_line *line)
{
	return line->common ? line->common : line->text;
}

#define NO_MATE SIZE_MAX

/*
 * Pairs lines of a with equal lines of b: the k-th line of a text in a with the
 * k-th of it in b. mate[i] is the line of b, or NO_MATE.
 */
static void pair_lines(const struct config_lines *a, const struct config_lines *b, size_t *mate)
{
	struct line_entry *entries = xcalloc(b->n, sizeof(*entries));
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (!b->v[i].comment && !b->v[i].tied)
			entries[n++] = (struct line_entry){ common_text(&b->v[i]), i, 0 };
	if (n)
		qsort(entries, n, sizeof(*entries), entries_by_text);
	for (size_t i = 0; i < a->n; i++) {
		const struct line_entry *entry = NULL;

		if (!a->v[i].comment && !a->v[i].tied)
			entry = take_entry(entries, n, common_text(&a->v[i]));
		mate[i] = entry ? entry->index : NO_MATE;
	}
	free(entries);
}

/*
 * Keeps the longest run of pairs that are in the same order on both sides, so that
 * each family's own order survives.
 */
static void keep_rising(size_t *mate, size_t n)
{
	struct rising rising = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (mate[i] != NO_MATE)
			rising_add(&rising, i, mate[i]);
		mate[i] = NO_MATE;
	}
	for (const struct rising_pair *pair = rising_last(&rising); pair;
	     pair = rising_before(&rising, pair))
		mate[pair->tag] = pair->value;
	rising_clear(&rising);
}

/* A comma follows every rule but the last, unless the rules are comments. */
struct rule_list {
	FILE *out;
	const char *comment; /* what begins each line; NULL: the rules of a chain section */
	size_t left;
};

static void write_rule(struct rule_list *list, const char *text)
{
	if (list->comment) {
		fprintf(list->out, "%s%s\n", list->comment, text);
		return;
	}
	fputs("        ", list->out);
	write_string(list->out, text);
	fputs(--list->left ? ",\n" : "\n", list->out);
}

/* A line of only one family; tie is "-4", "-6" or "". */
static void write_line(struct rule_list *list, const struct config_line *line, const char *tie)
{
	char *text;

	if (line->comment) {
		fprintf(list->out, "        # %s\n", line->text);
	} else if (line->tied || !*tie) {
		write_rule(list, line->text);
	} else {
		text = xasprintf("%s%s%s", tie, *line->text ? " " : "", line->text);
		write_rule(list, text);
		free(text);
	}
}

static size_t count_rules(const struct config_lines *lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines->n; i++)
		n += !lines->v[i].comment;
	return n;
}

static void write_merged(struct rule_list *list, const struct config_lines lines[FAMILY_COUNT])
{
	const struct config_lines *a = &lines[FAMILY_IPV4], *b = &lines[FAMILY_IPV6];
	size_t *mate = xcalloc(a->n, sizeof(*mate));
	size_t k = 0;

	pair_lines(a, b, mate);
	keep_rising(mate, a->n);
	list->left = count_rules(a) + count_rules(b);
	for (size_t i = 0; i < a->n; i++)
		list->left -= mate[i] != NO_MATE;
	for (size_t i = 0; i < a->n; i++) {
		if (mate[i] == NO_MATE) {
			write_line(list, &a->v[i], "-4");
			continue;
		}
		for (; k < mate[i]; k++)
			write_line(list, &b->v[k], "-6");
		/* As listed, if both families list it the same. */
		write_rule(list, strcmp(a->v[i].text, b->v[k].text) ? common_text(&a->v[i])
								    : a->v[i].text);
		k++;
	}
	for (; k < b->n; k++)
		write_line(list, &b->v[k], "-6");
	free(mate);
}

static void write_lines(struct rule_list *list, unsigned int families,
			const struct config_lines lines[FAMILY_COUNT])
{
	enum family only = families & 1U << FAMILY_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;

	if (families == (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6)) {
		write_merged(list, lines);
		return;
	}
	list->left = count_rules(&lines[only]);
	for (size_t i = 0; i < lines[only].n; i++)
		write_line(list, &lines[only].v[i], "");
}

void config_write_chain(FILE *out, const char *name, unsigned int families,
			const struct config_lines lines[FAMILY_COUNT])
{
	struct rule_list list = { .out = out };

	fputs("chain ", out);
	write_string(out, name);
	if (!lines[FAMILY_IPV4].n && !lines[FAMILY_IPV6].n) {
		fputs(" {\n    rules = { }\n}\n", out);
		return;
	}
	fputs(" {\n    rules = {\n", out);
	write_lines(&list, families, lines);
	fputs("    }\n}\n", out);
}

void config_write_filled(FILE *out, const struct wanted_chain *chain)
{
	fputs("chain ", out);
	write_string(out, chain->name);
	fputs(" {\n", out);
	write_section_settings(out, SECTION_CHAIN, chain);
	fputs("}\n", out);
}

void config_write_publish(FILE *out, const struct publish_section *section, unsigned int families,
			  const struct config_lines lines[FAMILY_COUNT])
{
	const struct publish publish = { /* borrows the section's lists */
		.interfaces = section->interfaces,
		.allow = section->allow,
		.otherwise = section->drop ? OTHERWISE_DROP : OTHERWISE_REJECT,
	};
	struct rule_list list = { .out = out, .comment = "    # " };

	fprintf(out, "publish \"%u", section->port);
	if (section->last != section->port)
		fprintf(out, "-%u", section->last);
	fprintf(out, "/%s\" {\n", proto_name(section->proto));
	write_section_settings(out, SECTION_PUBLISH, &publish);
	write_lines(&list, families, lines);
	fputs("}\n", out);
}

void config_write_comments(FILE *out, const char *title, unsigned int families,
			   const struct config_lines lines[FAMILY_COUNT])
{
	struct rule_list list = { .out = out, .comment = "#   " };

	fprintf(out, "# %s\n", title);
	write_lines(&list, families, lines);
}
