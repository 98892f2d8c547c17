/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_differs.h"

#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "host_openings.h"
#include "text.h"
#include "xt_match.h"

#define SOURCES_NAMED 4

/* What one rule lets in, or which open connections it refuses. */
struct let_in {
	const struct rule *rule;
	const struct guard_set *to; /* borrowed; NULL: every address of the host */
	struct addrset ports, sources; /* owned */
};

struct let_ins {
	struct let_in *v; /* owned */
	size_t n, room;
};

static void let_in_clear(struct let_in *let)
{
	addrset_clear(&let->ports);
	addrset_clear(&let->sources);
}

static void let_ins_clear(struct let_ins *list)
{
	for (size_t i = 0; i < list->n; i++)
		let_in_clear(&list->v[i]);
	free(list->v);
}

/* Whether it is about packets of open connections only. */
static bool is_for_open(const struct rule *rule)
{
	unsigned int states;
	bool not;

	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_match_states(&rule->matches[i], &states, &not) && not &&
		    states == XT_CONNTRACK_STATE_BIT(IP_CT_NEW))
			return true;
	return false;
}

/*
 * Takes the conditions of a rule that host_rules_make() may have made, one that lets in, or one
 * that cuts; false for others.
 */
static bool read_rule(const struct rule *rule, const struct guard_sets *sets, bool cut,
		      struct let_in *let)
{
	addr_t mask = addr_load(rule->family, rule->src.mask);

	*let = (struct let_in){ .rule = rule };
	if (rule->opaque || cut != is_for_open(rule) ||
	    !(cut ? rule_refuses(rule) : rule->verdict == VERDICT_ACCEPT) || !rule->in.mask[0] ||
	    rule->invert || !rule->proto)
		return false;
	if (!addrset_add_masked(&let->sources, rule->family, addr_load(rule->family, rule->src.addr),
				mask))
		return false;
	for (size_t i = 0; i < rule->nmatches; i++) {
		struct xt_conntrack_want want;
		const struct guard_set *set;
		enum guard_field field;
		const char *name;

		if (xt_conntrack_read(&rule->matches[i], &want) && want.port)
			addrset_add(&let->ports, want.port, want.last);
		if (!guard_match_read(&rule->matches[i], &field, &name))
			continue;
		set = guard_sets_find(sets, name);
		if (field == GUARD_TO)
			let->to = set;
		else if (set && field == GUARD_PORT)
			addrset_unite(&let->ports, &set->values);
		else if (set)
			addrset_intersect(&let->sources, &set->values);
	}
	return let->ports.n;
}

static void let_ins_add(struct let_ins *list, const struct rule *rule, bool cut,
			const struct guard_sets *sets)
{
	struct let_in let;

	if (!read_rule(rule, sets, cut, &let)) {
		let_in_clear(&let);
		return;
	}
	GROW(list->v, list->n, list->room);
	list->v[list->n++] = let;
}

static bool same_interface(const struct let_in *a, const struct let_in *b)
{
	return a->rule->proto == b->rule->proto &&
	       !memcmp(&a->rule->in, &b->rule->in, sizeof(a->rule->in));
}

/* Whether two rules are about the same packets, apart from ports and sources. */
static bool same_place(const struct let_in *a, const struct let_in *b)
{
	const struct guard_set *left = a->to, *right = b->to;

	return same_interface(a, b) &&
	       (left && right ? guard_set_equal(left, right) : left == right);
}

/* Adds who gets in to that port at the place of let. */
static void sources_at(const struct let_ins *list, const struct let_in *let, addr_t port,
		       struct addrset *sources)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct let_in *other = &list->v[i];

		if (same_place(other, let) && addrset_has(&other->ports, port))
			addrset_unite(sources, &other->sources);
	}
}

/*
 * Adds who gets in to that port at each of the host's addresses that let is for. Where something
 * is not known, the openings are those of single addresses, also if these fare alike.
 */
static void sources_everywhere(const struct let_ins *list, const struct let_in *let, addr_t port,
			       const struct openings *openings, struct addrset *sources)
{
	enum family family = let->rule->family;
	bool first = true;

	for (size_t i = 0; i < openings->nown[family]; i++) {
		addr_t at = openings->own[family][i].lo;
		struct addrset here = { 0 };

		if (let->to && !addrset_has(&let->to->values, at))
			continue;
		for (size_t k = 0; k < list->n; k++) {
			const struct let_in *other = &list->v[k];

			if (same_interface(other, let) && addrset_has(&other->ports, port) &&
			    (!other->to || addrset_has(&other->to->values, at)))
				addrset_unite(&here, &other->sources);
		}
		if (first)
			addrset_copy(sources, &here);
		else
			addrset_intersect(sources, &here);
		first = false;
		addrset_clear(&here);
	}
}

/* Adds whom let lets in to that port, and the rules of less do not. */
static void sources_more(const struct let_ins *more, const struct let_ins *less,
			 const struct let_in *let, addr_t port, const struct openings *openings,
			 bool decided, struct addrset *sources)
{
	struct addrset there = { 0 }, undecided = { 0 };

	sources_at(more, let, port, sources);
	if (openings)
		openings_undecided(openings, let->rule->family, (uint8_t)let->rule->proto,
				   let->rule->in.name, port, &undecided);
	if (undecided.n)
		sources_everywhere(less, let, port, openings, &there);
	else
		sources_at(less, let, port, &there);
	addrset_subtract(sources, &there);
	if (decided)
		addrset_subtract(sources, &undecided);
	addrset_clear(&there);
	addrset_clear(&undecided);
}

static bool are_most(const struct addrset *sources, enum family family)
{
	addr_t sum = 0;

	for (size_t i = 0; i < sources->n; i++)
		sum += sources->v[i].hi - sources->v[i].lo;
	return sum > addr_max(family) / 2;
}

/* "192.0.2.1, 198.51.100.0/24 and 3 more", or "everyone but 192.0.2.1". */
static void put_sources(FILE *out, const struct addrset *sources, enum family family)
{
	struct addrset others = { 0 };
	struct strings texts = { 0 };
	bool most = are_most(sources, family);

	addrset_add(&others, 0, addr_max(family));
	addrset_subtract(&others, sources);
	if (most)
		fprintf(out, "everyone%s", others.n ? " but " : "");
	addrset_texts(most ? &others : sources, family, &texts);
	addrset_clear(&others);
	for (size_t i = 0; i < texts.n && i < SOURCES_NAMED; i++)
		fprintf(out, "%s%s", i ? ", " : "", texts.v[i]);
	if (texts.n > SOURCES_NAMED)
		fprintf(out, " and %zu more", texts.n - SOURCES_NAMED);
	strings_clear(&texts);
}

static char *say(const struct let_in *let, const struct addrset *ports,
		 const struct addrset *sources, enum host_difference kind)
{
	static const char *const guard[] = { [HOST_SAME] = "", [HOST_OPEN] = "lets in",
					     [HOST_CLOSED] = "refuses",
					     [HOST_UNDECIDED] = "lets in",
					     [HOST_KEPT] = "lets go on open connections of",
					     [HOST_CUT] = "refuses open connections of" };
	static const char *const host[] = {
		[HOST_SAME] = "", [HOST_OPEN] = ", whom the host's own firewall refuses",
		[HOST_CLOSED] = ", whom the host's own firewall lets in",
		[HOST_UNDECIDED] = "; whether the host's own firewall does is not known",
		[HOST_KEPT] = ", which the host's own firewall refuses",
		[HOST_CUT] = ", which the host's own firewall lets go on",
	};
	char *list = host_ports_text(ports, (uint8_t)let->rule->proto);
	struct text text;

	text_open(&text);
	fprintf(text.out, "%s on %s: the guard %s ", list, let->rule->in.name, guard[kind]);
	put_sources(text.out, sources, let->rule->family);
	fputs(host[kind], text.out);
	free(list);
	return text_take(&text);
}

/* Whether some rule of the other list is exactly that one. */
static bool has_rule(const struct let_ins *list, const struct rule *rule)
{
	for (size_t i = 0; i < list->n; i++)
		if (rule_equal_but_mark(list->v[i].rule, rule))
			return true;
	return false;
}

/*
 * What the rules of more let in and those of less do not: the first difference, or NULL. decided:
 * apart from those of whom it is not known by the openings; NULL: all is known.
 */
static char *find_more(const struct let_ins *more, const struct let_ins *less,
		       const struct openings *openings, bool decided, enum host_difference kind)
{
	char *said = NULL;

	for (size_t i = 0; i < more->n && !said; i++) {
		const struct let_in *let = &more->v[i];
		const struct addrset *of = &let->ports;
		struct addrset first = { 0 }, ports = { 0 };

		if (has_rule(less, let->rule))
			continue;
		for (size_t r = 0; r < of->n; r++) {
			for (addr_t port = of->v[r].lo; port <= of->v[r].hi; port++) {
				struct addrset rest = { 0 };

				sources_more(more, less, let, port, openings, decided, &rest);
				if (rest.n && !first.n)
					addrset_copy(&first, &rest);
				if (rest.n && addrset_equal(&first, &rest))
					addrset_add(&ports, port, port);
				addrset_clear(&rest);
			}
		}
		if (ports.n)
			said = say(let, &ports, &first, kind);
		addrset_clear(&first);
		addrset_clear(&ports);
	}
	return said;
}

/* The rules of the chain forward in the kernel, and those that the guard should have. */
struct sides {
	const struct rule **there, **wanted; /* owned */
	size_t nthere, nwanted;
};

static void sides_add(const struct rule ***list, size_t *n, size_t *room, const struct rule *rule)
{
	GROW(*list, *n, *room);
	(*list)[(*n)++] = rule;
}

static void sides_fill(struct sides *sides, const struct guard *guard, const struct chain *live)
{
	size_t room = 0;

	for (size_t i = 0; live && i < live->nrules; i++)
		sides_add(&sides->there, &sides->nthere, &room, live->rules[i]);
	room = 0;
	for (size_t c = 0; c < guard->n; c++)
		for (size_t i = 0; !strcmp(guard->chains[c].name, GUARD_FORWARD) &&
		     i < guard->chains[c].rules.n; i++)
			sides_add(&sides->wanted, &sides->nwanted, &room,
				  guard->chains[c].rules.v[i].rule);
}

/* Those of one kind, of both sides. */
static void read_sides(const struct sides *sides, const struct guard *guard,
		       const struct table *table, bool cut, struct let_ins *there,
		       struct let_ins *wanted)
{
	for (size_t i = 0; i < sides->nthere; i++)
		let_ins_add(there, sides->there[i], cut, &table->sets);
	for (size_t i = 0; i < sides->nwanted; i++)
		let_ins_add(wanted, sides->wanted[i], cut, &guard->sets);
}

/* The next rule from *i that the host's firewall has no part in, or NULL. */
static const struct rule *next_rest(const struct rule *const *list, size_t n, size_t *i,
				    const struct guard_sets *sets)
{
	while (*i < n) {
		const struct rule *rule = list[(*i)++];
		struct let_in let, cut;
		bool of_host = read_rule(rule, sets, false, &let);

		of_host |= read_rule(rule, sets, true, &cut);
		let_in_clear(&let);
		let_in_clear(&cut);
		if (!of_host)
			return rule;
	}
	return NULL;
}

/* Whether the other chains are as they should be: the host's firewall has no part in them. */
static bool others_are_right(const struct guard *guard, const struct table *table)
{
	for (size_t c = 0; c < guard->n; c++) {
		const struct guard_chain *chain = &guard->chains[c];
		const struct chain *live = table_chain(table, chain->name);

		if (!strcmp(chain->name, GUARD_FORWARD))
			continue;
		if (!live || live->nrules != chain->rules.n)
			return false;
		for (size_t i = 0; i < chain->rules.n; i++)
			if (!rule_equal_but_mark(live->rules[i], chain->rules.v[i].rule))
				return false;
	}
	return true;
}

/* Whether the rules that follow from the configuration are as they should be. */
static bool rest_is_right(const struct sides *sides, const struct guard *guard,
			  const struct table *table)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct rule *there = next_rest(sides->there, sides->nthere, &i, &table->sets);
		const struct rule *wanted = next_rest(sides->wanted, sides->nwanted, &k, &guard->sets);

		if (!there || !wanted)
			return there == wanted;
		if (!rule_equal_but_mark(there, wanted))
			return false;
	}
}

/* What is different of those whom the guard lets in. */
static char *find_let_in(const struct sides *sides, const struct guard *guard,
			 const struct table *table, const struct openings *openings,
			 enum host_difference *kind)
{
	struct let_ins wanted = { 0 }, there = { 0 };
	char *said;

	read_sides(sides, guard, table, false, &there, &wanted);
	*kind = HOST_OPEN;
	said = find_more(&there, &wanted, openings, true, *kind);
	if (!said) {
		*kind = HOST_CLOSED;
		said = find_more(&wanted, &there, openings, false, *kind);
	}
	if (!said) {
		*kind = HOST_UNDECIDED;
		said = find_more(&there, &wanted, openings, false, *kind);
	}
	let_ins_clear(&wanted);
	let_ins_clear(&there);
	return said;
}

/* What is different of those whose open connections the guard refuses. */
static char *find_cut(const struct sides *sides, const struct guard *guard,
		      const struct table *table, enum host_difference *kind)
{
	struct let_ins wanted = { 0 }, there = { 0 };
	char *said;

	read_sides(sides, guard, table, true, &there, &wanted);
	*kind = HOST_KEPT;
	said = find_more(&wanted, &there, NULL, false, *kind);
	if (!said) {
		*kind = HOST_CUT;
		said = find_more(&there, &wanted, NULL, false, *kind);
	}
	let_ins_clear(&wanted);
	let_ins_clear(&there);
	return said;
}

char *host_differs(const struct guard *guard, const struct table *table,
		   const struct openings *openings, enum host_difference *kind)
{
	struct sides sides = { 0 };
	char *said;

	sides_fill(&sides, guard, table_chain(table, GUARD_FORWARD));
	said = find_let_in(&sides, guard, table, openings, kind);
	if (*kind != HOST_OPEN &&
	    !(rest_is_right(&sides, guard, table) && others_are_right(guard, table))) {
		free(said);
		said = NULL;
	} else if (!said) {
		said = find_cut(&sides, guard, table, kind);
	}
	if (!said)
		*kind = HOST_SAME;
	free(sides.there);
	free(sides.wanted);
	return said;
}
