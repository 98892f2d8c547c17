/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_exposure.h"

#include <stdlib.h>
#include <string.h>

#include "exposure_sums.h"
#include "exposure_texts.h"
#include "source_texts.h"
#include "text.h"
#include "utf8.h"

/* A table names this many sources and counts the rest. */
#define NAMED_MAX 3
/* The narrowest column that is still of use. */
#define DECIDED_LEAST 16
/* The narrowest column with room for a table's name before a rule and its text. */
#define PLACE_LEAST 30

struct column {
	const char *title;
	unsigned int width;
};

enum { PORT, CONTAINER, NETWORK, OPEN_TO, DECIDED_BY, COLUMNS };

/* One line of the table: a port and one of its ways. */
struct row {
	char *cell[COLUMNS]; /* owned */
	enum openness openness;
};

struct rows {
	struct row *v;
	size_t n, room;
};

/*
 * Why --fail-if-open does not count that others get in there: "nearby", "inside" and
 * "allowed", with the separator between them and after them.
 */
static char *discount_text(const struct exposure *exposure, const struct exposed_way *way,
			   const char *between, const char *after)
{
	bool world = way_openness(way, exposure->family) >= OPEN_MAYBE;
	struct text text;
	size_t n = 0;

	text_open(&text);
	if (exposure->nearby)
		fprintf(text.out, "%snearby", n++ ? between : "");
	if (!way->outside)
		fprintf(text.out, "%sinside", n++ ? between : "");
	if (way->allowed && world)
		fprintf(text.out, "%sallowed", n++ ? between : "");
	fputs(n ? after : "", text.out);
	return text_take(&text);
}

static const char *answers_note(enum answers answers)
{
	switch (answers) {
	case ANSWERS_PROXY:
		return " via docker-proxy";
	case ANSWERS_BOTH:
		return " also via docker-proxy";
	case ANSWERS_DIRECT:
		return " not translated";
	case ANSWERS_NOBODY:
		return " (nothing answers)";
	case ANSWERS_DNAT:
		break;
	}
	return "";
}

static char *policy_or_rule(const struct named_rules *texts, const struct decider *by)
{
	char *text = decider_text(texts, by), *safe = safe_text(text);

	free(text);
	return safe;
}

/* What decides about a way; a packet that is INVALID to connection tracking is named. */
static char *way_text(const struct named_rules *texts, const struct exposed_way *way,
		      enum family family)
{
	const struct decider *by = way_decider(way, family);
	bool invalid = way->by_invalid && by != &way->closed_by;

	return join_texts(policy_or_rule(texts, by), "", xstrdup(invalid ? " (UDP of length 0)" : ""));
}

/* What decides in the host's own firewall, for which the guard decides. */
static char *host_text(const struct named_rules *texts, const struct decider *by)
{
	char *text = policy_or_rule(texts, by), *whole = xasprintf("host-firewall: %s", text);

	free(text);
	return whole;
}

static void add_rows(struct rows *rows, struct source_texts *sources,
		     const struct exposure *exposure, const struct named_rules *texts)
{
	size_t n = exposure->nways ? exposure->nways : 1;

	for (size_t i = 0; i < n; i++) {
		const struct exposed_way *way = exposure->nways ? &exposure->ways[i] : NULL;
		struct row *row;

		GROW(rows->v, rows->n, rows->room);
		row = &rows->v[rows->n++];
		*row = (struct row){ .openness = way ? way_openness(way, exposure->family)
						     : exposure->openness };
		row->cell[PORT] = i ? xstrdup("") : port_text(exposure, 0);
		if (!i && exposure->nhosts > 1)
			row->cell[PORT] = join_texts(row->cell[PORT], "",
					       xasprintf(" +%zu", exposure->nhosts - 1));
		row->cell[CONTAINER] = i ? xstrdup("")
					 : join_texts(container_text(exposure), "",
						xstrdup(answers_note(exposure->answers)));
		row->cell[NETWORK] = i ? xstrdup("") : safe_text(exposure->bridge);
		if (!way) {
			row->cell[OPEN_TO] = xstrdup(exposure->openness == OPEN_MAYBE ? "maybe anyone"
										      : "nobody");
		} else {
			row->cell[OPEN_TO] = xstrdup(source_text(sources, way, exposure->family, NAMED_MAX));
			if (row->openness != OPEN_NOBODY)
				row->cell[OPEN_TO] = join_texts(discount_text(exposure, way, ", ", ": "),
							  "", row->cell[OPEN_TO]);
			if (exposure->nways > 1)
				row->cell[OPEN_TO] = join_texts(row->cell[OPEN_TO], " on ",
							  interfaces_text(way, NAMED_MAX));
		}
		if (way && way->has_host)
			row->cell[DECIDED_BY] = host_text(texts, &way->host_by);
		else
			row->cell[DECIDED_BY] = way ? way_text(texts, way, exposure->family)
						    : policy_or_rule(texts, &exposure->by);
		/* Not in the colour of what is wrong. */
		if (way && row->openness == OPEN_ALL &&
		    (exposure->nearby || way->allowed || !way->outside))
			row->openness = OPEN_SOME;
	}
}

static const char *exposure_colour(enum openness openness)
{
	switch (openness) {
	case OPEN_ALL:
		return "\033[1;31m";
	case OPEN_MAYBE:
		return "\033[33m";
	case OPEN_SOME:
		return "\033[32m";
	case OPEN_NOBODY:
		break;
	}
	return "\033[2m";
}

/*
 * Sets the widths of the columns: each is as wide as its contents, but the last two
 * share what the terminal has left. Returns false if that is too narrow to read.
 */
static bool fit(const struct rows *rows, struct column *columns, unsigned int width)
{
	unsigned int used = 0, left;

	for (size_t c = 0; c < COLUMNS; c++) {
		columns[c].width = (unsigned int)strlen(columns[c].title);
		for (size_t i = 0; i < rows->n; i++)
			if (utf8_count(rows->v[i].cell[c]) > columns[c].width)
				columns[c].width = (unsigned int)utf8_count(rows->v[i].cell[c]);
		if (c < OPEN_TO)
			used += columns[c].width + 2;
	}
	left = width > used ? width - used : 0;
	if (columns[OPEN_TO].width + 2 + columns[DECIDED_BY].width <= left)
		return true;
	/* Who gets in matters most: it is not cut as long as the other column is of use. */
	if (left < columns[OPEN_TO].width + 2 + DECIDED_LEAST)
		columns[OPEN_TO].width = left / 2;
	columns[DECIDED_BY].width = left - columns[OPEN_TO].width - 2;
	return left >= 2 * DECIDED_LEAST;
}

/* Cuts the text to the width; fill: also pads it. */
static void put_cell(FILE *out, const char *text, unsigned int width, bool fill)
{
	size_t length = utf8_put(out, text, width);

	if (fill)
		fprintf(out, "%*s", (int)(width - length) + 2, "");
}

/*
 * The place of a rule comes before its text. If the column has no room for both, the
 * table's name is left out, which is nearly always filter.
 */
static const char *decided_by(const struct row *row, unsigned int width)
{
	static const char table[] = "filter ";
	const char *text = row->cell[DECIDED_BY];

	return width < PLACE_LEAST && utf8_count(text) > width && !strncmp(text, table, strlen(table))
		       ? text + strlen(table) : text;
}

static void put_row(FILE *out, const struct row *row, const struct column *columns, bool colour)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		bool mark = colour && (c == OPEN_TO || row->openness == OPEN_NOBODY);

		if (mark)
			fputs(exposure_colour(row->openness), out);
		put_cell(out, c == DECIDED_BY ? decided_by(row, columns[c].width) : row->cell[c],
			 columns[c].width, c + 1 < COLUMNS);
		if (mark)
			fputs("\033[0m", out);
	}
	fputc('\n', out);
}

static void exposure_line(FILE *out, unsigned int indent, const char *text, unsigned int width)
{
	fprintf(out, "%*s", (int)indent, "");
	put_cell(out, text, width > indent + 2 ? width - indent : 2, false);
	fputc('\n', out);
}

/* The same on separate lines, for a terminal that is too narrow for a table. */
static void put_stack(FILE *out, const struct row *row, bool colour, unsigned int width)
{
	const char *mark = colour ? exposure_colour(row->openness) : "", *end = colour ? "\033[0m" : "";
	bool dim = row->openness == OPEN_NOBODY;
	char *to = *row->cell[NETWORK] ? xasprintf("%s on %s", row->cell[CONTAINER],
						   row->cell[NETWORK])
				       : xstrdup(row->cell[CONTAINER]);

	fputs(dim ? mark : "", out);
	if (*row->cell[PORT]) {
		exposure_line(out, 0, row->cell[PORT], width);
		exposure_line(out, 2, to, width);
	}
	fputs(dim ? "" : mark, out);
	exposure_line(out, 2, row->cell[OPEN_TO], width);
	fputs(dim ? "" : end, out);
	exposure_line(out, 4, row->cell[DECIDED_BY], width);
	fputs(dim ? end : "", out);
	free(to);
}

static void put_table(FILE *out, const struct rows *rows, bool colour, unsigned int width)
{
	struct column columns[COLUMNS] = {
		[PORT] = { .title = "PORT" }, [CONTAINER] = { .title = "CONTAINER" },
		[NETWORK] = { .title = "NETWORK" }, [OPEN_TO] = { .title = "OPEN TO" },
		[DECIDED_BY] = { .title = "DECIDED BY" },
	};
	bool fits = fit(rows, columns, width);

	for (size_t c = 0; c < COLUMNS && fits; c++)
		put_cell(out, columns[c].title, columns[c].width, c + 1 < COLUMNS);
	if (fits)
		fputc('\n', out);
	for (size_t i = 0; i < rows->n; i++) {
		if (fits)
			put_row(out, &rows->v[i], columns, colour);
		else
			put_stack(out, &rows->v[i], colour, width);
	}
}

static void put_summary(FILE *out, const struct exposure_list *list, bool colour)
{
	struct exposure_sums sums;

	exposure_sums(list, &sums);
	colour &= exposure_unallowed(list) > 0;
	fprintf(out, "%zu published port%s: %s%zu open to anyone%s", sums.ports,
		sums.ports == 1 ? "" : "s", colour ? exposure_colour(OPEN_ALL) : "",
		sums.by[OPEN_ALL], colour ? "\033[0m" : "");
	if (sums.unallowed != sums.by[OPEN_ALL])
		fprintf(out, " (%zu from outside and not allowed)", sums.unallowed);
	fprintf(out, ", %zu limited, %zu undecided, %zu closed", sums.by[OPEN_SOME],
		sums.by[OPEN_MAYBE], sums.by[OPEN_NOBODY]);
	if (sums.direct)
		fprintf(out, "; directly reachable: %zu port%s", sums.direct,
			sums.direct == 1 ? "" : "s");
	if (sums.networks)
		fprintf(out, "%s%zu network%s",
			sums.direct ? ", " : "; directly reachable: ", sums.networks,
			sums.networks == 1 ? "" : "s");
	fputc('\n', out);
}

/* What goes before a decider: a rule or policy decides, or the reason follows. */
static const char *lead_of(const struct decider *by)
{
	return by->chain || !by->reason || !*by->reason ? " by " : ": ";
}

/* The part of a line that is about one way, after the port. */
static char *way_fact(struct source_texts *sources, const struct exposure *exposure,
		      const struct exposed_way *way, const struct named_rules *texts)
{
	const struct decider *decider = way_decider(way, exposure->family);
	char *interfaces = interfaces_text(way, 0);
	char *discount = discount_text(exposure, way, " ", " ");
	char *by = way->has_host ? host_text(texts, &way->host_by) : way_text(texts, way, exposure->family);
	char *fact = xasprintf("%sfrom %s open to %s%s%s", discount, interfaces,
			       source_text(sources, way, exposure->family, 0), lead_of(decider), by);

	free(interfaces);
	free(discount);
	free(by);
	return fact;
}

/* One fact per line, for grep: every line names its port, on one address. */
static void put_facts(FILE *out, struct source_texts *sources, const struct exposure *exposure,
		      const struct named_rules *texts)
{
	char *bridge = safe_text(exposure->bridge), *container = container_text(exposure);
	size_t nports = exposure->any_host || !exposure->nhosts ? 1 : exposure->nhosts;

	for (size_t i = 0; i < exposure->nways || !i; i++) {
		char *fact = exposure->nways ? way_fact(sources, exposure, &exposure->ways[i], texts)
			     : xasprintf("open to nobody: %s",
					 exposure->by.reason ? exposure->by.reason : "-");

		for (size_t k = 0; k < nports; k++) {
			char *port = port_text(exposure, k);

			fprintf(out, "%s container %s network %s answers %s %s\n", port, container,
				*bridge ? bridge : "-", answers_name(exposure->answers), fact);
			free(port);
		}
		free(fact);
	}
	free(container);
	free(bridge);
}

int report_exposure_text(FILE *out, const struct exposure_list *list, bool colour,
			 unsigned int width)
{
	struct source_texts sources = { .list = list };
	struct rows rows = { 0 };
	struct named_rules texts;
	int status = report_exposure_rules(list, &texts);

	if (status)
		goto out;
	put_summary(out, list, colour);
	if (!width) {
		for (size_t i = 0; i < list->n; i++)
			put_facts(out, &sources, &list->v[i], &texts);
		goto out;
	}
	for (size_t i = 0; i < list->n; i++)
		add_rows(&rows, &sources, &list->v[i], &texts);
	if (rows.n)
		put_table(out, &rows, colour, width);
	for (size_t i = 0; i < rows.n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(rows.v[i].cell[c]);
	free(rows.v);
out:
	source_texts_clear(&sources);
	named_rules_clear(&texts);
	return status;
}

int report_exposure_counted(FILE *out, const struct exposure_list *list)
{
	static const enum openness order[] = { OPEN_ALL, OPEN_MAYBE };
	struct source_texts sources = { .list = list };
	struct named_rules texts;
	int status = report_exposure_rules(list, &texts);

	for (size_t o = 0; !status && o < ARRAY_SIZE(order); o++)
		for (size_t i = 0; i < list->n; i++)
			if (list->v[i].unallowed == order[o])
				put_facts(out, &sources, &list->v[i], &texts);
	source_texts_clear(&sources);
	named_rules_clear(&texts);
	return status;
}
