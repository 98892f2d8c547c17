/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_jumps.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct place {
	const char *name;
	unsigned int now, hooks; /* with the jumps that are there, and with those of the edits */
	unsigned int marks;      /* of one search */
};

struct jump {
	size_t from, to; /* indexes of places */
};

struct jumps {
	struct place *places; /* owned; sorted by name */
	size_t nplaces, places_room;
	struct jump *v; /* owned; those that are in force, then those of the edits */
	size_t n, room;
	size_t in_force;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static struct place *find_place(const struct jumps *jumps, const char *name)
{
	const struct place key = { .name = name };

	return jumps->nplaces ? bsearch(&key, jumps->places, jumps->nplaces, sizeof(key), by_name)
			      : NULL;
}

static void add_place(struct jumps *jumps, const char *name)
{
	GROW(jumps->places, jumps->nplaces, jumps->places_room);
	jumps->places[jumps->nplaces++] = (struct place){ .name = name };
}

static void sort_places(struct jumps *jumps)
{
	size_t n = 0;

	if (jumps->nplaces)
		qsort(jumps->places, jumps->nplaces, sizeof(*jumps->places), by_name);
	for (size_t i = 0; i < jumps->nplaces; i++)
		if (!n || strcmp(jumps->places[n - 1].name, jumps->places[i].name))
			jumps->places[n++] = jumps->places[i];
	jumps->nplaces = n;
}

/* The jump of a rule of that chain. Returns false if it does not lead to a known chain. */
static bool jump_of(const struct jumps *jumps, const char *chain, const struct rule *rule,
		    struct jump *jump)
{
	const struct place *from, *to;

	if (!rule_jumps(rule))
		return false;
	from = find_place(jumps, chain);
	to = find_place(jumps, rule->chain);
	if (!from || !to)
		return false;
	*jump = (struct jump){ (size_t)(from - jumps->places), (size_t)(to - jumps->places) };
	return true;
}

static void add_jump(struct jumps *jumps, const char *chain, const struct rule *rule)
{
	struct jump jump;

	if (!jump_of(jumps, chain, rule, &jump))
		return;
	GROW(jumps->v, jumps->n, jumps->room);
	jumps->v[jumps->n++] = jump;
}

static void remove_jump(struct jumps *jumps, const char *chain, const struct rule *rule)
{
	struct jump jump;

	if (!jump_of(jumps, chain, rule, &jump))
		return;
	for (size_t i = 0; i < jumps->n; i++)
		if (jumps->v[i].from == jump.from && jumps->v[i].to == jump.to) {
			jumps->v[i] = jumps->v[--jumps->n];
			return;
		}
}

/* Hands the marks of each chain on to where the first n jumps lead. */
static void spread(struct jumps *jumps, size_t n)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < n; i++) {
			unsigned int marks = jumps->places[jumps->v[i].from].marks;
			struct place *to = &jumps->places[jumps->v[i].to];

			again |= (marks & ~to->marks) != 0;
			to->marks |= marks;
		}
	}
}

/* Marks with 1 what the first n jumps lead to from there. */
static void mark_from(struct jumps *jumps, struct place *place, size_t n)
{
	for (size_t i = 0; i < jumps->nplaces; i++)
		jumps->places[i].marks = 0;
	place->marks = 1;
	spread(jumps, n);
}

static void mark_hooks(struct jumps *jumps, size_t n)
{
	static const char *const names[NF_INET_NUMHOOKS] = {
		[NF_INET_PRE_ROUTING] = "PREROUTING", [NF_INET_LOCAL_IN] = "INPUT",
		[NF_INET_FORWARD] = "FORWARD", [NF_INET_LOCAL_OUT] = "OUTPUT",
		[NF_INET_POST_ROUTING] = "POSTROUTING",
	};

	for (size_t i = 0; i < jumps->nplaces; i++)
		jumps->places[i].marks = 0;
	for (size_t hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		struct place *place = names[hook] ? find_place(jumps, names[hook]) : NULL;

		if (place)
			place->marks = 1U << hook;
	}
	spread(jumps, n);
}

static void find_hooks(struct jumps *jumps)
{
	mark_hooks(jumps, jumps->in_force);
	for (size_t i = 0; i < jumps->nplaces; i++)
		jumps->places[i].now = jumps->places[i].marks;
	mark_hooks(jumps, jumps->n);
	for (size_t i = 0; i < jumps->nplaces; i++)
		jumps->places[i].hooks = jumps->places[i].marks;
}

static bool is_of(const struct edit *edit, enum edit_op op, enum family family, const char *table)
{
	return edit->op == op && edit->family == family && !strcmp(edit->table, table);
}

struct jumps *jumps_new(const struct table *live, enum family family, const char *table,
			const struct edits *edits)
{
	struct jumps *jumps = xcalloc(1, sizeof(*jumps));

	for (size_t c = 0; live && c < live->nchains; c++)
		add_place(jumps, live->chains[c]->name);
	for (size_t i = 0; i < edits->n; i++)
		if (is_of(&edits->v[i], EDIT_CREATE, family, table) ||
		    is_of(&edits->v[i], EDIT_INSERT, family, table))
			add_place(jumps, edits->v[i].chain);
	sort_places(jumps);
	for (size_t c = 0; live && c < live->nchains; c++)
		for (size_t i = 0; i < live->chains[c]->nrules; i++)
			add_jump(jumps, live->chains[c]->name, live->chains[c]->rules[i]);
	for (size_t i = 0; i < edits->n; i++)
		if (is_of(&edits->v[i], EDIT_DELETE, family, table))
			remove_jump(jumps, edits->v[i].chain, edits->v[i].rule);
	jumps->in_force = jumps->n;
	for (size_t i = 0; i < edits->n; i++)
		if (is_of(&edits->v[i], EDIT_INSERT, family, table))
			add_jump(jumps, edits->v[i].chain, edits->v[i].rule);
	find_hooks(jumps);
	return jumps;
}

void jumps_free(struct jumps *jumps)
{
	if (!jumps)
		return;
	free(jumps->places);
	free(jumps->v);
	free(jumps);
}

unsigned int jumps_hooks(const struct jumps *jumps, const char *chain)
{
	const struct place *place = find_place(jumps, chain);

	return place ? place->hooks : 0;
}

bool jumps_add(struct jumps *jumps, const char *from, const char *to)
{
	struct place *source = find_place(jumps, from), *goal = find_place(jumps, to);

	if (!source || !goal)
		return true;
	mark_from(jumps, goal, jumps->in_force);
	if (source->marks && source->hooks)
		return false;
	/* It is among those of the edits; the first of these takes its place there. */
	for (size_t i = jumps->in_force; i < jumps->n; i++) {
		const struct jump jump = jumps->v[i];

		if (&jumps->places[jump.from] != source || &jumps->places[jump.to] != goal)
			continue;
		jumps->v[i] = jumps->v[jumps->in_force];
		jumps->v[jumps->in_force++] = jump;
		break;
	}
	return true;
}

unsigned int jumps_new_hooks(struct jumps *jumps, const char *from, const char *to,
			     const char *chain)
{
	const struct place *source = find_place(jumps, from), *place = find_place(jumps, chain);
	struct place *goal = find_place(jumps, to);

	if (!source || !goal || !place || !(source->hooks & ~place->now))
		return 0;
	mark_from(jumps, goal, jumps->n);
	return place->marks ? source->hooks & ~place->now : 0;
}
