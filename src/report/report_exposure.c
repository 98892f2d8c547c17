/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_exposure.h"

#include <stdlib.h>
#include <string.h>

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

/* What decides for the interfaces of one way. */
static const struct decider *way_decider(const struct exposed_way *way, enum family family)
{
	static const struct decider none = { .reason = "" };

	if (addrset_is_world(way->open, family) && way->has_open_by)
		return &way->open_by;
	if (way->maybe->n && way->has_doubt)
		return &way->doubt;
	if (way->has_closed_by)
		return &way->closed_by;
	return way->has_open_by ? &way->open_by : &none;
}

static enum openness way_openness(const struct exposed_way *way, enum family family)
{
	if (addrset_is_world(way->open, family))
		return OPEN_ALL;
	if (way->maybe->n)
		return OPEN_MAYBE;
	return way->open->n ? OPEN_SOME : OPEN_NOBODY;
}

int report_exposure_rules(const struct exposure_list *list, struct named_rules *texts)
{
	*texts = (struct named_rules){ 0 };
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *exposure = &list->v[i];

		named_rules_add(texts, exposure->by.rule);
		named_rules_add(texts, exposure->dnat.rule);
		for (size_t k = 0; k < exposure->nways; k++) {
			named_rules_add(texts, exposure->ways[k].open_by.rule);
			named_rules_add(texts, exposure->ways[k].closed_by.rule);
			named_rules_add(texts, exposure->ways[k].doubt.rule);
		}
	}
	return named_rules_make(texts);
}

static char *span_text(struct span span)
{
	return span.lo == span.hi ? xasprintf("%u", span.lo)
				  : xasprintf("%u-%u", span.lo, span.hi);
}

static char *place_text(enum family family, addr_t addr, struct span span)
{
	char text[INET6_ADDRSTRLEN], *port = span_text(span), *place;

	addr_text(family, addr, text);
	place = xasprintf(family == FAMILY_IPV6 ? "[%s]:%s" : "%s:%s", text, port);
	free(port);
	return place;
}

/* "0.0.0.0:80/tcp", as docker ps shows it. */
static char *port_text(const struct exposure *exposure)
{
	char *place = place_text(exposure->family,
				 exposure->any_host || !exposure->nhosts ? 0 : exposure->hosts[0],
				 exposure->port);
	char *text = xasprintf("%s/%s", place, proto_name(exposure->proto));

	free(place);
	if (exposure->nhosts > 1) {
		char *more = xasprintf("%s +%zu", text, exposure->nhosts - 1);

		free(text);
		text = more;
	}
	return text;
}

/* At most that many texts of a set, and how many more there are. most 0: all of them. */
static char *set_text(const struct exposure_list *list, const struct addrset *set,
		      enum family family, size_t most)
{
	struct strings names = { 0 };
	size_t size = 32, n;
	char *text, *to;

	exposure_texts(list, set, family, &names);
	n = most && names.n > most ? most : names.n;
	for (size_t i = 0; i < n; i++)
		size += strlen(names.v[i]) + 2;
	to = text = xcalloc(size, 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = ',';
		to = stpcpy(to, names.v[i]);
	}
	if (n < names.n)
		sprintf(to, " +%zu", names.n - n);
	strings_clear(&names);
	return text;
}

static char *join(char *left, const char *between, char *right)
{
	char *both = xasprintf("%s%s%s", left, between, right);

	free(left);
	free(right);
	return both;
}

/* "anyone" and the exceptions: the sources in rest, which it clears. */
static char *world_text(const struct exposure_list *list, const char *anyone,
			struct addrset *rest, enum family family, size_t most)
{
	char *text = xstrdup(anyone);

	if (rest->n)
		text = join(text, " but ", set_text(list, rest, family, most));
	addrset_clear(rest);
	return text;
}

/*
 * The latest texts, with the sets that they describe: many ports share one set, whose
 * text may be long.
 */
struct told {
	const struct addrset *open, *maybe, *possible;
	enum family family;
	size_t most;
	char *text; /* owned */
};

struct teller {
	const struct exposure_list *list;
	struct told told[64];
	size_t next;
};

static void teller_clear(struct teller *teller)
{
	for (size_t i = 0; i < ARRAY_SIZE(teller->told); i++)
		free(teller->told[i].text);
}

/* Who gets in: "ANYONE", "ANYONE but 192.0.2.0/24", "192.0.2.1", "maybe …", "nobody". */
static char *open_text(const struct exposure_list *list, const struct exposed_way *way,
		       enum family family, size_t most)
{
	struct addrset rest = { 0 };
	char *text, *maybe;

	if (!way->open->n && !way->maybe->n)
		return xstrdup("nobody");
	exposure_shut_out(list, family, way, &rest);
	if (addrset_is_world(way->open, family))
		return world_text(list, "ANYONE", &rest, family, most);
	addrset_subtract(&rest, way->maybe);
	if (addrset_is_world(way->maybe, family))
		maybe = world_text(list, "maybe anyone", &rest, family, most);
	else
		maybe = join(xstrdup("maybe"), " ", set_text(list, way->maybe, family, most));
	addrset_clear(&rest);
	if (!way->open->n)
		return maybe;
	text = set_text(list, way->open, family, most);
	if (way->maybe->n)
		return join(text, ", ", maybe);
	free(maybe);
	return text;
}

/* The same from the kept texts: it is valid until later ones replace it. */
static const char *tell(struct teller *teller, const struct exposed_way *way, enum family family,
			size_t most)
{
	struct told *told = teller->told;

	for (size_t i = 0; i < ARRAY_SIZE(teller->told); i++, told++)
		if (told->text && told->open == way->open && told->maybe == way->maybe &&
		    told->possible == way->possible && told->family == family && told->most == most)
			return told->text;
	told = &teller->told[teller->next];
	teller->next = (teller->next + 1) % ARRAY_SIZE(teller->told);
	free(told->text);
	*told = (struct told){ .open = way->open, .maybe = way->maybe, .possible = way->possible,
			       .family = family, .most = most,
			       .text = open_text(teller->list, way, family, most) };
	return told->text;
}

static char *interfaces_text(const struct exposed_way *way, size_t most)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < way->nifs; i++) {
		if (most && i == most)
			return join(text, "", xasprintf(" +%zu", way->nifs - most));
		text = join(text, i ? "," : "", xstrdup(way->ifs[i]->name));
	}
	return text;
}

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

static void add_rows(struct rows *rows, struct teller *teller,
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
		row->cell[PORT] = i ? xstrdup("") : port_text(exposure);
		row->cell[CONTAINER] = i ? xstrdup("")
					 : join(place_text(exposure->container_family,
							   exposure->container,
							   exposure->container_port), "",
						xstrdup(answers_note(exposure->answers)));
		row->cell[NETWORK] = i ? xstrdup("") : safe_text(exposure->bridge);
		if (!way) {
			row->cell[OPEN_TO] = xstrdup("nobody");
		} else {
			row->cell[OPEN_TO] = xstrdup(tell(teller, way, exposure->family, NAMED_MAX));
			if (row->openness != OPEN_NOBODY)
				row->cell[OPEN_TO] = join(discount_text(exposure, way, ", ", ": "),
							  "", row->cell[OPEN_TO]);
			if (exposure->nways > 1)
				row->cell[OPEN_TO] = join(row->cell[OPEN_TO], " on ",
							  interfaces_text(way, NAMED_MAX));
		}
		row->cell[DECIDED_BY] = policy_or_rule(texts, way ? way_decider(way, exposure->family)
								 : &exposure->by);
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
	size_t by[OPEN_ALL + 1] = { 0 }, counted = exposure_unallowed(list);

	for (size_t i = 0; i < list->n; i++)
		by[list->v[i].openness]++;
	colour &= counted > 0;
	fprintf(out, "%zu published port%s: %s%zu open to anyone%s", list->n,
		list->n == 1 ? "" : "s", colour ? exposure_colour(OPEN_ALL) : "", by[OPEN_ALL],
		colour ? "\033[0m" : "");
	if (counted < by[OPEN_ALL])
		fprintf(out, " (%zu from outside and not allowed)", counted);
	fprintf(out, ", %zu limited, %zu undecided, %zu closed\n", by[OPEN_SOME], by[OPEN_MAYBE],
		by[OPEN_NOBODY]);
}

/* What goes before a decider: a rule or policy decides, or the reason follows. */
static const char *lead_of(const struct decider *by)
{
	return by->chain || !by->reason || !*by->reason ? " by " : ": ";
}

/* One fact per line, for grep: every line names its port. */
static void put_facts(FILE *out, struct teller *teller, const struct exposure *exposure,
		      const struct named_rules *texts)
{
	char *port = port_text(exposure), *bridge = safe_text(exposure->bridge);
	char *container = place_text(exposure->container_family, exposure->container,
				     exposure->container_port);

	for (size_t i = 0; i < exposure->nways; i++) {
		const struct exposed_way *way = &exposure->ways[i];
		const char *open = tell(teller, way, exposure->family, 0);
		char *interfaces = interfaces_text(way, 0);
		const struct decider *decider = way_decider(way, exposure->family);
		char *discount = discount_text(exposure, way, " ", " ");
		char *by = policy_or_rule(texts, decider);

		fprintf(out, "%s container %s network %s answers %s %sfrom %s open to %s%s%s\n",
			port, container, *bridge ? bridge : "-", answers_name(exposure->answers),
			discount, interfaces, open, lead_of(decider), by);
		free(interfaces);
		free(discount);
		free(by);
	}
	if (!exposure->nways)
		fprintf(out, "%s container %s network %s answers %s open to nobody: %s\n", port,
			container, *bridge ? bridge : "-", answers_name(exposure->answers),
			exposure->by.reason ? exposure->by.reason : "-");
	free(port);
	free(container);
	free(bridge);
}

int report_exposure_text(FILE *out, const struct exposure_list *list, bool colour,
			 unsigned int width)
{
	struct teller teller = { .list = list };
	struct rows rows = { 0 };
	struct named_rules texts;
	int status = report_exposure_rules(list, &texts);

	if (status)
		goto out;
	put_summary(out, list, colour);
	if (!width) {
		for (size_t i = 0; i < list->n; i++)
			put_facts(out, &teller, &list->v[i], &texts);
		goto out;
	}
	for (size_t i = 0; i < list->n; i++)
		add_rows(&rows, &teller, &list->v[i], &texts);
	if (rows.n)
		put_table(out, &rows, colour, width);
	for (size_t i = 0; i < rows.n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(rows.v[i].cell[c]);
	free(rows.v);
out:
	teller_clear(&teller);
	named_rules_clear(&texts);
	return status;
}
