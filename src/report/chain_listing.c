/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_listing.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "guard_names.h"
#include "rule_texts.h"
#include "utf8.h"
#include "util.h"

#define FILTER "filter"

/* A table of one family, which may not exist. */
struct place {
	enum family family;
	const char *name;
	const struct table *table; /* NULL: it does not exist */
	bool dropped;              /* an edit deletes it as a whole */
};

/* One line of a chain's listing. */
struct line {
	char sign;     /* ' ', '-' deleted, '+' inserted, '!' wrong and left in place */
	size_t number; /* of the live rule; 0 for an inserted one */
	const struct rule *rule;
	const char *note; /* a finding's name, or NULL */
	bool further;     /* not the rule that represents the finding */
};

struct listing {
	struct line *v;
	size_t n, room;
	bool changed; /* any line but ' ' */
};

static void add_line(struct listing *listing, struct line line)
{
	GROW(listing->v, listing->n, listing->room);
	listing->v[listing->n++] = line;
	listing->changed |= line.sign != ' ';
}

static bool is_in(const struct edit *edit, const struct place *place)
{
	return edit->family == place->family && !strcmp(edit->table, place->name);
}

static bool is_of(const struct edit *edit, const struct place *place, const char *chain)
{
	return edit->rule && is_in(edit, place) && !strcmp(edit->chain, chain);
}

static struct place place_of(const struct report *report, const struct snapshot *snapshot,
			     enum family family, const char *table)
{
	struct place place = { family, table, NULL, false };

	if (snapshot)
		place.table = snapshot_table(snapshot, family, table);
	for (size_t e = 0; report->edits && e < report->edits->n; e++)
		place.dropped |= report->edits->v[e].op == EDIT_DROP_TABLE &&
				 is_in(&report->edits->v[e], &place);
	return place;
}

/* The note on one rule. */
struct note {
	const char *name; /* of the first finding about the rule, or NULL */
	bool further;
};

static void put_note(struct note *notes, size_t n, size_t rule, const struct finding *finding)
{
	if (rule >= 1 && rule <= n && !notes[rule].name)
		notes[rule] = (struct note){ finding_name(finding->id), rule != finding->rule };
}

/* The notes on n rules, by number from 1. The caller frees them. */
static struct note *notes_of(const struct report *report, const struct place *place,
			     const char *chain, size_t n)
{
	struct note *notes = xcalloc(n + 1, sizeof(*notes));

	for (size_t i = 0; report->found && i < report->found->n; i++) {
		const struct finding *finding = &report->found->v[i];

		if (finding->family != place->family || !finding->chain || !finding->table ||
		    strcmp(finding->chain, chain) != 0 || strcmp(finding->table, place->name) != 0)
			continue;
		put_note(notes, n, finding->rule, finding);
		for (size_t r = 0; r < finding->nrules; r++)
			put_note(notes, n, finding->rules[r], finding);
	}
	return notes;
}

/* All rules of a table that goes; what is inserted afterwards is of a new one. */
static void draw_dropped(struct listing *listing, const struct chain *chain)
{
	for (size_t i = 0; chain && i < chain->nrules; i++)
		add_line(listing, (struct line){ .sign = '-', .number = i + 1,
						 .rule = chain->rules[i] });
}

/*
 * The plan's edits of a chain have rising positions, so one pass over the live rules
 * meets each in its place. What would have none follows the rules: no edit is left out.
 */
static void draw(struct listing *listing, const struct report *report, const struct place *place,
		 const char *name, const struct chain *chain)
{
	const struct edits *edits = report->edits;
	size_t e = 0, live = 0, position = 1, n = chain ? chain->nrules : 0;
	struct note *notes = notes_of(report, place, name, n);

	for (;;) {
		const struct edit *edit;
		struct line line;

		while (edits && e < edits->n && !is_of(&edits->v[e], place, name))
			e++;
		edit = edits && e < edits->n ? &edits->v[e] : NULL;
		if (edit && edit->op == EDIT_INSERT && edit->position == position) {
			add_line(listing, (struct line){ .sign = '+', .rule = edit->rule });
			position++, e++;
			continue;
		}
		if (live >= n)
			break;
		line = (struct line){
			.number = live + 1,
			.rule = chain->rules[live],
			.note = notes[live + 1].name,
			.further = notes[live + 1].further,
		};
		if (edit && edit->op == EDIT_DELETE && edit->position == position) {
			line.sign = '-';
			e++;
		} else {
			line.sign = line.note ? '!' : ' ';
			position++;
		}
		add_line(listing, line);
		live++;
	}
	for (; edits && e < edits->n; e++)
		if (is_of(&edits->v[e], place, name))
			add_line(listing, (struct line){
				.sign = edits->v[e].op == EDIT_INSERT ? '+' : '-',
				.rule = edits->v[e].rule,
			});
	free(notes);
}

/* Of more lines with the same sign in a row, the first and the last are shown without -v. */
#define RUN_MAX 12
#define RUN_ENDS 3

/* Whether it is in the middle of a long run of rules that come or go. */
static bool *find_middles(const struct report *report, const struct listing *listing)
{
	bool *middle = xcalloc(listing->n, sizeof(*middle));
	size_t first = 0;

	while (first < listing->n && !report->verbosity) {
		char sign = listing->v[first].sign;
		size_t end = first;

		while (end < listing->n && listing->v[end].sign == sign)
			end++;
		for (size_t i = first + RUN_ENDS; sign != ' ' && sign != '!' && end - first > RUN_MAX &&
						  i < end - RUN_ENDS; i++)
			middle[i] = true;
		first = end;
	}
	return middle;
}

/* Lines far from a change or from the rule of a finding are counted, not shown. */
static bool is_near(const struct listing *listing, size_t at)
{
	const size_t around = 3;
	size_t first = at > around ? at - around : 0;

	if (listing->n <= 30)
		return true;
	for (size_t i = first; i <= at + around && i < listing->n; i++)
		if (listing->v[i].sign != ' ' &&
		    !(listing->v[i].sign == '!' && listing->v[i].further))
			return true;
	return at < around || at + around >= listing->n;
}

static void print_line(FILE *out, const struct report *report, const struct line *line,
		       const char *text)
{
	const char *colour = "", *end = report->colour ? "\033[0m" : "";
	char *safe = safe_text(text);

	if (report->colour)
		colour = line->sign == '+' ? "\033[32m" : line->sign == '-' ? "\033[31m" :
			 line->sign == '!' ? "\033[33m" : "";
	if (line->number)
		fprintf(out, "%s  %c %5zu  %s", colour, line->sign, line->number, safe);
	else
		fprintf(out, "%s  %c     -  %s", colour, line->sign, safe);
	free(safe);
	if (line->note)
		fprintf(out, "    <- %s", line->note);
	fprintf(out, "%s\n", *colour ? end : "");
}

/* A chain that will be printed, once the texts of all rules are known: one process makes them. */
struct shown {
	char *head; /* owned */
	const char *nothing; /* what is printed in place of no lines */
	struct listing listing; /* owned */
	bool *middle; /* owned; of each line, see find_middles() */
};

struct shown_chains {
	struct shown *v; /* owned */
	size_t n, room;
	struct named_rules texts;
};

static void show(struct shown_chains *chains, const struct report *report, struct shown shown)
{
	shown.middle = find_middles(report, &shown.listing);
	for (size_t i = 0; i < shown.listing.n; i++)
		if (!shown.middle[i] && is_near(&shown.listing, i))
			named_rules_add(&chains->texts, shown.listing.v[i].rule);
	GROW(chains->v, chains->n, chains->room);
	chains->v[chains->n++] = shown;
}

static void print_lines(FILE *out, const struct report *report, const struct shown *shown,
			const struct named_rules *texts)
{
	const struct listing *listing = &shown->listing;
	size_t hidden = 0;

	for (size_t i = 0; i < listing->n; i++) {
		if (shown->middle[i] || !is_near(listing, i)) {
			hidden++;
			continue;
		}
		if (hidden)
			fprintf(out, shown->middle[i - 1] ? "  %c         (%zu rules; -v shows them)\n"
							  : "  %c         (%zu rules)\n",
				shown->middle[i - 1] ? listing->v[i - 1].sign : ' ', hidden);
		hidden = 0;
		print_line(out, report, &listing->v[i], named_rules_find(texts, listing->v[i].rule));
	}
}

/* Prints and frees them. */
static int print_shown(FILE *out, const struct report *report, struct shown_chains *chains)
{
	int status = named_rules_make(&chains->texts);

	for (size_t i = 0; i < chains->n; i++) {
		struct shown *shown = &chains->v[i];

		fputs(shown->head, out);
		if (!shown->listing.n)
			fprintf(out, "            (%s)\n", shown->nothing);
		else if (status)
			fprintf(out, "            (the rules cannot be shown)\n");
		else
			print_lines(out, report, shown, &chains->texts);
		free(shown->head);
		free(shown->listing.v);
		free(shown->middle);
	}
	named_rules_clear(&chains->texts);
	free(chains->v);
	return status;
}

/* Whether an edit of that kind is about the chain as a whole. */
static bool has_edit(const struct report *report, const struct place *place, const char *chain,
		     enum edit_op op)
{
	for (size_t e = 0; report->edits && e < report->edits->n; e++) {
		const struct edit *edit = &report->edits->v[e];

		if (edit->op == op && is_in(edit, place) && !strcmp(edit->chain, chain))
			return true;
	}
	return false;
}

/* Whether an edit creates or deletes the chain: it is shown even if it has no rules. */
static bool comes_or_goes(const struct report *report, const struct place *place, const char *chain)
{
	return has_edit(report, place, chain, EDIT_CREATE) ||
	       has_edit(report, place, chain, EDIT_DROP);
}

static bool is_edited(const struct report *report, const struct place *place, const char *chain)
{
	for (size_t e = 0; report->edits && e < report->edits->n; e++) {
		const struct edit *edit = &report->edits->v[e];

		if (is_in(edit, place) && (!edit->chain || !strcmp(edit->chain, chain)))
			return true;
	}
	return false;
}

static const char *chain_note(const struct report *report, const struct place *place,
			      const struct chain *chain)
{
	if (!chain)
		return " (missing)";
	if (place->dropped && has_edit(report, place, chain->name, EDIT_CREATE))
		return " (created anew)";
	if (place->dropped || has_edit(report, place, chain->name, EDIT_DROP))
		return report->written ? " (removed)" : " (to be removed)";
	if (!chain->builtin)
		return "";
	return chain->policy == VERDICT_DROP ? " (policy DROP)" : " (policy ACCEPT)";
}

static void list_chain(struct shown_chains *to, const struct report *report, const struct place *place,
		       const char *name, bool all)
{
	const struct wanted_chain *held = report->policy ? policy_chain(report->policy, name) : NULL;
	bool others = held && held->filled_by == FILLED_BY_OTHERS;
	const struct chain *live = table_chain(place->table, name), *chain = live;
	struct listing listing = { 0 };

	if (place->dropped) {
		draw_dropped(&listing, chain);
		chain = NULL;
	}
	draw(&listing, report, place, name, chain);
	if (!listing.changed && !all) {
		free(listing.v);
		return;
	}
	/* They may be thousands of bans. */
	if (others && !listing.changed)
		listing.n = 0;
	show(to, report, (struct shown){
		.head = xasprintf("\n%s %s %s%s\n", family_name(place->family), place->name, name,
				  chain_note(report, place, live)),
		.nothing = live && (others || !live->loaded) ? "filled by others" : "no rules",
		.listing = listing,
	});
}

/* The chains of the table, and those that edits create in it. */
static void name_chains(const struct report *report, const struct place *place,
			struct strings *names)
{
	for (size_t c = 0; place->table && c < place->table->nchains; c++)
		strings_add(names, place->table->chains[c]->name);
	for (size_t e = 0; report->edits && e < report->edits->n; e++) {
		const struct edit *edit = &report->edits->v[e];

		if (edit->op == EDIT_CREATE && is_in(edit, place) && !strings_has(names, edit->chain))
			strings_add(names, edit->chain);
	}
}

/* The chains that edits change, but for those that are named. */
static void list_changed(struct shown_chains *to, const struct report *report, const struct place *place,
			 const struct strings *but)
{
	struct strings names = { 0 };

	name_chains(report, place, &names);
	for (size_t i = 0; i < names.n; i++)
		if (is_edited(report, place, names.v[i]) && !strings_has(but, names.v[i]))
			list_chain(to, report, place, names.v[i], comes_or_goes(report, place, names.v[i]));
	strings_clear(&names);
}

static void list_guard(struct shown_chains *to, const struct report *report, enum family family)
{
	const struct place guard = place_of(report, report->own, family, GUARD_TABLE);

	list_changed(to, report, &guard, &(struct strings){ 0 });
}

static void list_family(struct shown_chains *to, const struct report *report, enum family family, bool all)
{
	const struct place filter = place_of(report, report->snapshot, family, FILTER);
	struct strings shown = { 0 };

	/* Their order is what matters: these two are always shown. */
	list_chain(to, report, &filter, "FORWARD", true);
	strings_add(&shown, "FORWARD");
	for (size_t i = 0; i < report->policy->nchains; i++) {
		const struct wanted_chain *chain = report->policy->chains[i];
		bool wanted = i == 0 || (all && policy_needs_chain(report->policy, chain, family)) ||
			      comes_or_goes(report, &filter, chain->name);

		list_chain(to, report, &filter, chain->name, wanted);
		strings_add(&shown, chain->name);
	}
	/* Those that have left the configuration. */
	list_changed(to, report, &filter, &shown);
	strings_clear(&shown);
}

int chain_listing(FILE *out, const struct report *report, bool all)
{
	struct shown_chains shown = { 0 };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		bool wrong = all;

		for (size_t i = 0; report->found && i < report->found->n; i++)
			wrong |= (int)report->found->v[i].family == family;
		for (size_t e = 0; report->edits && e < report->edits->n; e++)
			wrong |= (int)report->edits->v[e].family == family &&
				 !strcmp(report->edits->v[e].table, FILTER);
		if (wrong && report->families & (1U << family))
			list_family(&shown, report, (enum family)family, all);
		/* It is also there in a family without Docker. */
		list_guard(&shown, report, (enum family)family);
	}
	return print_shown(out, report, &shown);
}

int chain_listing_changes(FILE *out, const struct report *report)
{
	struct shown_chains shown = { 0 };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct place filter = place_of(report, report->snapshot, (enum family)family,
						     FILTER);
		struct strings first = { 0 };

		strings_add(&first, "FORWARD");
		strings_add(&first, DOCKER_USER);
		for (size_t i = 0; i < first.n; i++)
			list_chain(&shown, report, &filter, first.v[i], comes_or_goes(report, &filter, first.v[i]));
		list_changed(&shown, report, &filter, &first);
		list_guard(&shown, report, (enum family)family);
		strings_clear(&first);
	}
	return print_shown(out, report, &shown);
}
