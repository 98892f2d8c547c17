/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "led_places.h"

#include <linux/netfilter/xt_multiport.h>
#include <stdlib.h>
#include <string.h>

#include "addrset.h"
#include "match_set.h"
#include "sorted.h"
#include "xt_match.h"

/* More places of one rule than this become one that has all of them. */
#define PLACES_MAX 64
/* The kernel allows no deeper jumps. */
#define DEPTH_MAX 16

struct led_jump {
	size_t from, to;
	const struct rule *xt;
	const struct other_rule *native; /* if xt is NULL */
};

struct led_chain {
	bool base;
	enum { PLACES_UNKNOWN, PLACES_WANTED, PLACES_KNOWN } state;
	struct led_places places; /* of the packets that come to it */
};

void led_places_clear(struct led_places *places)
{
	free(places->v);
	*places = (struct led_places){ 0 };
}

static void add(struct led_places *places, const struct led_place *place)
{
	GROW(places->v, places->n, places->room);
	places->v[places->n++] = *place;
}

static void add_all(struct led_places *places, enum family family)
{
	add(places, &(struct led_place){ .host = { 0, addr_max(family) }, .port = SPAN_ALL });
}

/* One place that has all of them. */
static void join(struct led_places *places)
{
	struct led_place *whole = &places->v[0];

	for (size_t i = 1; i < places->n; i++) {
		const struct led_place *place = &places->v[i];

		if (place->proto != whole->proto)
			whole->proto = 0;
		if (place->host.lo < whole->host.lo)
			whole->host.lo = place->host.lo;
		if (place->host.hi > whole->host.hi)
			whole->host.hi = place->host.hi;
		if (place->port.lo < whole->port.lo)
			whole->port.lo = place->port.lo;
		if (place->port.hi > whole->port.hi)
			whole->port.hi = place->port.hi;
	}
	places->n = 1;
}

/* Adds what two places have in common. */
static void add_common(struct led_places *places, const struct led_place *a,
		       const struct led_place *b)
{
	struct led_place place = *a;

	if (a->proto && b->proto && a->proto != b->proto)
		return;
	place.proto = a->proto ? a->proto : b->proto;
	if (b->host.lo > place.host.lo)
		place.host.lo = b->host.lo;
	if (b->host.hi < place.host.hi)
		place.host.hi = b->host.hi;
	if (b->port.lo > place.port.lo)
		place.port.lo = b->port.lo;
	if (b->port.hi < place.port.hi)
		place.port.hi = b->port.hi;
	if (place.host.lo <= place.host.hi && place.port.lo <= place.port.hi)
		add(places, &place);
}

/* Keeps only the parts of the places that are in wanted as well. Takes wanted over. */
static void narrow(struct led_places *places, struct led_places *wanted)
{
	struct led_places common = { 0 };

	if (wanted->n > PLACES_MAX)
		join(wanted);
	for (size_t i = 0; i < places->n; i++)
		for (size_t k = 0; k < wanted->n; k++)
			add_common(&common, &places->v[i], &wanted->v[k]);
	if (common.n > PLACES_MAX)
		join(&common);
	led_places_clear(places);
	led_places_clear(wanted);
	*places = common;
}

/* ---- conditions ---- */

/* The destinations of a match on several ports, whichever of them it is. */
static void want_multiport(const struct ext *ext, const struct led_place *all,
			   struct led_places *wanted)
{
	struct xt_multiport_v1 list;

	if (!ext_is(ext, "multiport", 1) || !ext_get(ext, &list, sizeof(list)) ||
	    list.count > XT_MULTI_PORTS || list.invert || list.flags == XT_MULTIPORT_SOURCE)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct led_place place = *all;

		place.port = (struct span){ list.ports[i], list.ports[i] };
		if (list.pflags[i] && i + 1 < list.count)
			place.port.hi = list.ports[++i];
		add(wanted, &place);
	}
}

static void want_range(const struct ext *ext, const struct led_place *all, enum family family,
		       struct led_places *wanted)
{
	struct xt_iprange_mtinfo range;
	struct led_place place = *all;

	if (!xt_match_iprange(ext, &range) || !(range.flags & IPRANGE_DST) ||
	    range.flags & IPRANGE_DST_INV)
		return;
	place.host.lo = addr_load(family, &range.dst_min);
	place.host.hi = addr_load(family, &range.dst_max);
	add(wanted, &place);
}

static void want_set(const struct ext *ext, const struct led_place *all, enum family family,
		     const struct ipsets *sets, struct led_places *wanted)
{
	bool address, port, invert;
	const struct ipset *set = match_set_of_destinations(ext, sets, family, &address, &port,
							    &invert);

	if (!set || set->kind != SET_ADDRESSES || invert)
		return;
	for (size_t i = 0; i < set->members[family].n; i++) {
		struct led_place place = *all;

		place.host = set->members[family].v[i];
		add(wanted, &place);
	}
}

static void narrow_xt(struct led_places *places, const struct rule *rule, const struct ipsets *sets)
{
	addr_t mask = addr_load(rule->family, rule->dst.mask), rest = ~mask & addr_max(rule->family);
	struct led_place plain = { .host = { 0, addr_max(rule->family) }, .port = SPAN_ALL };
	const struct led_place all = plain;
	struct led_places wanted = { 0 };
	struct span ports;

	if (rule->opaque)
		return;
	if (rule->proto && rule->proto <= UINT8_MAX && !(rule->invert & INV_PROTO))
		plain.proto = (uint8_t)rule->proto;
	if (!(rule->invert & INV_DST) && !(rest & (rest + 1))) {
		plain.host.lo = addr_load(rule->family, rule->dst.addr) & mask;
		plain.host.hi = plain.host.lo | rest;
	}
	if (xt_match_rule_dports(rule, &ports))
		plain.port = ports;
	add(&wanted, &plain);
	narrow(places, &wanted);
	for (size_t i = 0; i < rule->nmatches; i++) {
		want_multiport(&rule->matches[i], &all, &wanted);
		want_range(&rule->matches[i], &all, rule->family, &wanted);
		want_set(&rule->matches[i], &all, rule->family, sets, &wanted);
		if (wanted.n)
			narrow(places, &wanted);
	}
}

/* Narrows the place to the interval of one field. Returns false if nothing is left. */
static bool narrow_field(struct led_place *place, const struct other_key *key,
			 struct addrrange range, enum family family)
{
	addr_t bits = key->size < sizeof(addr_t) ? ((addr_t)1 << 8 * key->size) - 1 : OTHER_MASK_ALL;

	if ((key->mask & bits) != bits)
		return true;
	switch (key->field) {
	case FIELD_PROTO:
		/* A range of protocols also has some without ports. */
		if (range.lo == range.hi)
			place->proto = (uint8_t)range.lo;
		return true;
	case FIELD_DPORT:
		place->port.lo = (uint16_t)range.lo;
		place->port.hi = range.hi > UINT16_MAX ? UINT16_MAX : (uint16_t)range.hi;
		return range.lo <= UINT16_MAX;
	case FIELD_DESTINATION:
		if (key->size == family_addr_size(family))
			place->host = range;
		return key->size == family_addr_size(family);
	default:
		return true;
	}
}

static bool is_about_place(const struct other_test *test)
{
	return !test->inverted && !(test->set && test->set->unsure) &&
	       (other_test_reads(test, FIELD_PROTO) || other_test_reads(test, FIELD_DPORT) ||
		other_test_reads(test, FIELD_DESTINATION));
}

static void narrow_native(struct led_places *places, const struct other_rule *rule,
			  enum family family)
{
	for (size_t t = 0; t < rule->ntests; t++) {
		const struct other_test *test = &rule->tests[t];
		struct led_places wanted = { 0 };

		if (!is_about_place(test))
			continue;
		for (size_t i = 0; i < other_test_count(test); i++) {
			struct led_place place = { .host = { 0, addr_max(family) }, .port = SPAN_ALL };
			bool some = true;

			for (size_t k = 0; k < test->nkeys && some; k++)
				some = narrow_field(&place, other_test_key(test, k),
						    other_test_range(test, i, k), family);
			if (some)
				add(&wanted, &place);
		}
		narrow(places, &wanted);
	}
}

/* ---- chains ---- */

static int by_to(const void *left, const void *right)
{
	const struct led_jump *a = left, *b = right;

	return a->to < b->to ? -1 : a->to > b->to;
}

static int before_to(const void *element, const void *key)
{
	return ((const struct led_jump *)element)->to < *(const size_t *)key ? -1 : 0;
}

static void add_jump(struct led_chains *chains, const struct led_jump *jump)
{
	GROW(chains->jumps, chains->njumps, chains->room);
	chains->jumps[chains->njumps++] = *jump;
}

static void sort_jumps(struct led_chains *chains)
{
	if (chains->njumps)
		qsort(chains->jumps, chains->njumps, sizeof(*chains->jumps), by_to);
}

/* Adds the jump of a rule that leads to the chain with that name, unless there is none. */
static void add_jump_to(struct led_chains *chains, const struct table *table, const char *name,
			struct led_jump jump)
{
	jump.to = table_index(table, name);
	if (jump.to < table->nchains)
		add_jump(chains, &jump);
}

/* A rule that nft wrote into a table of iptables, as far as it was read. */
static void add_read(struct led_chains *chains, const struct table *table, size_t from,
		     const struct other_rule *rule)
{
	bool leads = rule->verdict == OTHER_JUMP || rule->verdict == OTHER_GOTO;

	chains->unknown |= rule->verdict == OTHER_ANYTHING || (leads && !rule->to_name);
	if (leads && rule->to_name)
		add_jump_to(chains, table, rule->to_name,
			    (struct led_jump){ .from = from, .native = rule });
}

static void add_rules(struct led_chains *chains, const struct table *table, size_t from,
		      const struct other_chain *followed)
{
	const struct chain *chain = table->chains[from];

	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		const struct other_rule *read;
		size_t n;

		read = other_chain_reading(followed, i + 1, rule, &n);
		for (size_t k = 0; k < n; k++)
			add_read(chains, table, from, &read[k]);
		if (n)
			continue;
		chains->unknown |= rule->opaque != NULL;
		if (rule->verdict == VERDICT_JUMP || rule->verdict == VERDICT_GOTO)
			add_jump_to(chains, table, rule->chain,
				    (struct led_jump){ .from = from, .xt = rule });
	}
}

void led_chains_table(const struct table *table, const struct other_filters *others,
		      const struct ipsets *sets, struct led_chains *chains)
{
	*chains = (struct led_chains){ .family = table->family, .sets = sets, .n = table->nchains };
	chains->v = xcalloc(chains->n + 1, sizeof(*chains->v));
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		chains->v[c].base = chain->builtin || chain->foreign_base;
		add_rules(chains, table, c,
			  other_filters_followed(others, table->family, table->name, chain->name));
	}
	sort_jumps(chains);
}

void led_chains_others(const struct other_filters *others, enum family family,
		       const struct ipsets *sets, struct led_chains *chains)
{
	*chains = (struct led_chains){ .family = family, .sets = sets, .n = others->nchains };
	chains->v = xcalloc(chains->n + 1, sizeof(*chains->v));
	for (size_t c = 0; c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];

		chains->v[c].base = chain->base;
		for (size_t i = 0; i < chain->n && !others->tables[chain->table].followed; i++) {
			const struct other_rule *rule = &chain->v[i];
			struct led_jump jump = { .from = c, .to = rule->to, .xt = rule->xt,
						 .native = rule };

			chains->unknown |= rule->verdict == OTHER_ANYTHING ||
					   (rule->xt && rule->xt->opaque) ||
					   ((rule->verdict == OTHER_JUMP ||
					     rule->verdict == OTHER_GOTO) &&
					    rule->to == OTHER_NOWHERE);
			if (rule->to != OTHER_NOWHERE && (!rule->xt || rule->xt->family == family))
				add_jump(chains, &jump);
		}
	}
	sort_jumps(chains);
}

void led_chains_clear(struct led_chains *chains)
{
	for (size_t c = 0; c < chains->n; c++)
		led_places_clear(&chains->v[c].places);
	free(chains->v);
	free(chains->jumps);
	*chains = (struct led_chains){ 0 };
}

static void narrow_by(struct led_places *places, const struct led_chains *chains,
		      const struct rule *xt, const struct other_rule *native)
{
	if (xt)
		narrow_xt(places, xt, chains->sets);
	else
		narrow_native(places, native, chains->family);
}

static void copy(struct led_places *to, const struct led_places *from)
{
	for (size_t i = 0; i < from->n; i++)
		add(to, &from->v[i]);
}

static const struct led_places *chain_places(struct led_chains *chains, size_t index,
					     unsigned int depth);

/* Adds what comes to the chain by one of the jumps. */
static void add_jump_places(struct led_chains *chains, const struct led_jump *jump,
			    unsigned int depth, struct led_places *places)
{
	struct led_places way = { 0 };

	copy(&way, chain_places(chains, jump->from, depth + 1));
	narrow_by(&way, chains, jump->xt, jump->native);
	copy(places, &way);
	led_places_clear(&way);
}

static const struct led_places *chain_places(struct led_chains *chains, size_t index,
					     unsigned int depth)
{
	struct led_chain *chain = &chains->v[index];
	struct led_places places = { 0 };
	size_t first, i;

	if (chain->state == PLACES_KNOWN)
		return &chain->places;
	first = sorted_first(&index, chains->jumps, chains->njumps, sizeof(*chains->jumps), before_to);
	if (chain->base || chains->unknown || chain->state == PLACES_WANTED || depth > DEPTH_MAX) {
		add_all(&places, chains->family);
	} else {
		chain->state = PLACES_WANTED;
		for (i = first; i < chains->njumps && chains->jumps[i].to == index; i++)
			add_jump_places(chains, &chains->jumps[i], depth, &places);
		if (places.n > PLACES_MAX)
			join(&places);
	}
	if (chain->state != PLACES_KNOWN) {
		led_places_clear(&chain->places);
		chain->places = places;
		chain->state = PLACES_KNOWN;
	} else {
		led_places_clear(&places);
	}
	return &chain->places;
}

void led_places_find(struct led_chains *chains, size_t chain, const struct rule *xt,
		     const struct other_rule *native, struct led_places *places)
{
	*places = (struct led_places){ 0 };
	copy(places, chain_places(chains, chain, 0));
	narrow_by(places, chains, xt, native);
}
