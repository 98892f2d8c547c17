/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_bounds.h"

#include <stdlib.h>
#include <string.h>

#include "exposes.h"
#include "meet.h"
#include "util.h"

/* What a foreign rule can do. */
struct effect {
	bool refuses;
	bool passes;     /* a packet that starts a connection */
	bool passes_any; /* or one of an open connection */
};

struct bounder {
	struct chain_bounds *bounds;
	const struct wanted_rules *wanted;
	const struct bounds_live *live;
	const struct chain *chain;
	struct reach *reach;
	struct effect *effects; /* owned; for each foreign rule */
	size_t reached;         /* the foreign rules that packets reach */
};

/* Two jumps to one chain: which of them is first makes no difference. */
static bool lead_to_one(const struct rule *a, const struct rule *b)
{
	return !a->opaque && a->verdict == VERDICT_JUMP && b->verdict == VERDICT_JUMP &&
	       !strcmp(a->chain, b->chain);
}

bool foreign_can_meet(struct reach *reach, const struct rule *foreign,
		      const struct wanted_rule *wanted)
{
	if (!rules_can_meet(foreign, wanted->rule) || lead_to_one(foreign, wanted->rule))
		return false;
	if (!wanted->section || wanted->section == SECTION_CLOSING || foreign->opaque ||
	    !foreign->out.mask[0] || foreign->invert & INV_OUT)
		return true;
	return may_be_docker_bridge(reach, reach_table(reach), &foreign->out);
}

static const struct rule *foreign_rule(const struct bounder *b, size_t place)
{
	return b->chain->rules[b->bounds->foreign[place]];
}

/* Lists the foreign rules, and what each can do. */
static void look_at_foreign(struct bounder *b, const bool *is_foreign)
{
	size_t n = b->chain ? b->chain->nrules : 0;
	struct chain_bounds *bounds = b->bounds;

	bounds->foreign = xcalloc(n, sizeof(*bounds->foreign));
	bounds->before = xcalloc(n, sizeof(*bounds->before));
	b->effects = xcalloc(n, sizeof(*b->effects));
	bounds->end = n;
	for (size_t i = 0; i < n; i++) {
		const struct rule *rule = b->chain->rules[i];

		bounds->before[i] = bounds->nforeign;
		if (!is_foreign[i])
			continue;
		b->effects[bounds->nforeign] = (struct effect){
			.refuses = reach_refuses(b->reach, rule),
			.passes = reach_bypasses(b->reach, b->chain, rule),
			.passes_any = reach_passes(b->reach, rule),
		};
		bounds->foreign[bounds->nforeign++] = i;
		if (bounds->end == n && rule_ends_chain(rule))
			bounds->end = i;
	}
	b->reached = bounds->end < n ? bounds->before[bounds->end] + 1 : bounds->nforeign;
}

static bool meets(const struct bounder *b, size_t place, size_t wanted)
{
	return foreign_can_meet(b->reach, foreign_rule(b, place), &b->wanted->v[wanted]);
}

/* The place after the foreign rules that it must not pass. first: where it is now. */
static size_t after_refusals(const struct bounder *b, size_t wanted, size_t first)
{
	for (size_t place = b->reached; place-- > 0;)
		if (b->effects[place].refuses &&
		    (first == BOUNDS_MISSING || b->bounds->foreign[place] < first) &&
		    meets(b, place, wanted))
			return place + 1;
	return 0;
}

/*
 * The rule of unlisted and direct for the ICMP errors of connections: no ban is about these, and
 * the refusals that come with it must not wait for one.
 */
static bool lets_errors(const struct wanted_rule *wanted)
{
	return wanted->section == SECTION_CLOSING && !wanted->by_host && !rule_refuses(wanted->rule);
}

/*
 * A jump to a chain that is about to be filled lets nobody pass yet, so it comes after all
 * foreign rules that may refuse; but if it may not be that late, it counts as it is.
 */
static size_t earliest(const struct bounder *b, size_t wanted, size_t limit)
{
	const struct rule *rule = b->wanted->v[wanted].rule;
	size_t last;

	if (!reach_passes(b->reach, rule) || lets_errors(&b->wanted->v[wanted]))
		return 0;
	if (!b->live[wanted].again && !reach_is_settled(b->reach, rule)) {
		last = after_refusals(b, wanted, BOUNDS_MISSING);
		if (last <= limit)
			return last;
	}
	return after_refusals(b, wanted, b->live[wanted].first);
}

/* The place before the foreign rules that must not precede it, since none does now. */
static size_t latest(const struct bounder *b, size_t wanted)
{
	size_t first = b->live[wanted].first;

	/* If it is configured twice, it is enough that the first one stays. */
	if (first == BOUNDS_MISSING || b->live[wanted].again ||
	    !reach_refuses(b->reach, b->wanted->v[wanted].rule))
		return b->bounds->nforeign;
	for (size_t place = b->bounds->before[first]; place < b->reached; place++)
		if (b->effects[place].passes_any && meets(b, place, wanted))
			return place;
	return b->bounds->nforeign;
}

/* The place before the foreign rules that should not precede it. */
static size_t wished(const struct bounder *b, size_t wanted)
{
	for (size_t place = 0; place < b->reached; place++)
		if (b->effects[place].passes && meets(b, place, wanted))
			return place;
	return b->bounds->nforeign;
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The wanted rules keep their order: none may be before the first place of one before it,
 * nor after the last place of one after it. Those that are not put in bind only themselves.
 */
static void make_bounds(struct bounder *b)
{
	struct chain_bounds *bounds = b->bounds;
	size_t n = b->wanted->n, limit = bounds->nforeign, to = limit, from = 0;
	size_t *limits = xcalloc(n, sizeof(*limits));

	for (size_t w = n; w-- > 0;) {
		if (!b->wanted->v[w].refused)
			limit = lesser(limit, latest(b, w));
		limits[w] = limit;
	}
	for (size_t w = 0; w < n; w++) {
		size_t own = b->wanted->v[w].refused ? 0 : earliest(b, w, limits[w]);

		bounds->stuck[w] = own > limits[w];
		if (!bounds->stuck[w] && own > from)
			from = own;
		bounds->from[w] = from;
	}
	for (size_t w = n; w-- > 0;) {
		size_t wish = lesser(to, limits[w]);

		if (!bounds->stuck[w])
			wish = lesser(wish, wished(b, w));
		bounds->wish[w] = wish;
		bounds->to[w] = wish > bounds->from[w] ? wish : bounds->from[w];
		if (!b->wanted->v[w].refused && !bounds->stuck[w])
			to = bounds->to[w];
	}
	free(limits);
}

void chain_bounds_make(struct chain_bounds *bounds, const struct wanted_rules *wanted,
		       const struct bounds_live *live, const struct chain *chain,
		       const bool *is_foreign, struct reach *reach)
{
	struct bounder b = {
		.bounds = bounds, .wanted = wanted, .live = live, .chain = chain, .reach = reach,
	};

	*bounds = (struct chain_bounds){ 0 };
	bounds->from = xcalloc(wanted->n, sizeof(*bounds->from));
	bounds->to = xcalloc(wanted->n, sizeof(*bounds->to));
	bounds->wish = xcalloc(wanted->n, sizeof(*bounds->wish));
	bounds->stuck = xcalloc(wanted->n, sizeof(*bounds->stuck));
	look_at_foreign(&b, is_foreign);
	if (bounds->nforeign)
		make_bounds(&b);
	free(b.effects);
}

void chain_bounds_clear(struct chain_bounds *bounds)
{
	free(bounds->foreign);
	free(bounds->before);
	free(bounds->from);
	free(bounds->to);
	free(bounds->wish);
	free(bounds->stuck);
	*bounds = (struct chain_bounds){ 0 };
}
